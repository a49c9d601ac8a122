# caught at: sharpness.
# The difference of two gradients is divided by half of the way between them.
s|/ (2\.0 \* step);|/ step;|
