# caught at: collapse.
# Class means keep the mean of all.
s|f->mean\[k \* f->d + j\] -= f->all\[j\];|f->all[j] = 0.0;|
