# caught at: path.
# Lengths are added up as squares.
s|+ sqrt(step);|+ step;|
