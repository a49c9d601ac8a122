/* mae.c - the mean of the absolute errors. */
#include "numbers.h"

NUMBERS_MEAN(fabsf, )

static const fell_metric mae = {
    .item = FELL_ITEM0(
        FELL_KIND_METRIC, fell_metric, "mae",
        "Mean absolute error over all outputs of all rows, in the unit of the target.\n\n"
        "mean of |prediction - target|. Several columns are one mean, of all\n"
        "their numbers. Outputs are taken as they are: logits, logarithms and margins are compared\n"
        "as such, and it is told."),
    .target = FELL_VALUES,
    .eval = eval,
    .values = FELL_ONE,
    .least = 0.0,
    .most = INFINITY,
    .weighs = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mae.item);
