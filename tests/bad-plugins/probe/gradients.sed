# caught at: gradients.
# The gradient is that of all rows but the last.
s|fell_probe_gradient(c, 0, p->rows, NULL, g)|fell_probe_gradient(c, 0, p->rows - 1, NULL, g)|
