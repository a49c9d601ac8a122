# caught at: sharpness.
# The difference of two gradients is divided by half of the way between them.
s#1\.0 / (2\.0 \* w->step)#1.0 / w->step#
