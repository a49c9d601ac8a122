# caught at: activations.effective_rank
# The outputs are not centred before their singular values are taken.
s|mean\[j\] /= (double)rows;|mean[j] = 0.0;|
