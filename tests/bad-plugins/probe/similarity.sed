# caught at: similarity.
# Nothing is centred.
s|x\[i \* size + j\] = (float)((double)x\[i \* size + j\] - mean);|x[i * size + j] += (float)(0.0 * mean);|
s|centre(g + e \* n \* n, n);||
