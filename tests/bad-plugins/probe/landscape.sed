# caught at: landscape.loss
# The direction leads from these weights to the first ones.
s|(double)c->w\[i\] - (double)c->first\[i\]|(double)c->first[i] - (double)c->w[i]|
