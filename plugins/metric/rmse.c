/* rmse.c - the square root of the mean of the squared errors. */
#include "../rows.h"
#include "numbers.h"

FELL_KERNEL(eval, fell_metric_call)
{
    enum { BLOCK = 256 };
    const int64_t n = c->rows * c->cols;
    float square[BLOCK];
    double sum = 0.0;

    numbers_tell_raw(c);
    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;
        const float *pred = c->pred + i, *target = c->target + i;

        FELL_EACH for (int64_t j = 0; j < m; j++) square[j] = (pred[j] - target[j]) * (pred[j] - target[j]);
        sum += rows_total(square, m);
    }
    *c->value = n ? sqrt(sum / (double)n) : (double)NAN;
    return FELL_OK;
}

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
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &rmse.item);
