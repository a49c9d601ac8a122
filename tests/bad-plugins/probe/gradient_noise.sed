# caught at: gradient_noise.
# The variance divides by n, not by n - 1.
s|/ (r - 1\.0)|/ r|
