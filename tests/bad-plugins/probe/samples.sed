# caught at: samples.
# The largest other output may be that of the row's own class.
s|other = j != k \&\& (double)z\[j\] > other|other = (double)z[j] > other|
