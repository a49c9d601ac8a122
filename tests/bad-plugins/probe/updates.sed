# caught at: updates.
# The angle to the update before is taken of the weights, not of the update.
s|linear_dot32(u, update, n)|linear_dot32(weights, update, n)|
