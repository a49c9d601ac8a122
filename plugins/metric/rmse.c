/* rmse.c - the square root of the mean of the squared errors. */
#include "numbers.h"

#define SQUARE(x) ((x) * (x))
NUMBERS_MEAN(SQUARE, sqrt)

static const fell_metric rmse = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "rmse",
        "Root mean squared error over all outputs of all rows, in the unit of the target.\n\n"
        "square root of the mean of (prediction - target)^2. Several columns are one mean, of all\n"
        "their numbers. Outputs are taken as they are: logits, logarithms and margins are compared\n"
        "as such, and it is told."),
    .target = FELL_VALUES,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0.0,
    .most = INFINITY,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &rmse.item);
