# caught at: weights.spectral_norm
# The largest eigenvalue of W'W, the square of the singular value.
s|return sqrt(best);|return best;|
