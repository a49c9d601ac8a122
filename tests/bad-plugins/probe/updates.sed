# caught at: updates.
# The angle to the update before is taken of the weights, not of the update.
s|linear_dot32(u, last, n)|linear_dot32(w, last, n)|
