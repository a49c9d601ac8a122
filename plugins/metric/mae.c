/* mae.c - the mean of the absolute errors. */
#include "../rows.h"
#include "numbers.h"

FELL_KERNEL(eval, fell_metric_call)
{
    enum { BLOCK = 256 };
    const int64_t n = c->rows * c->cols;
    float error[BLOCK];
    double sum = 0.0;

    numbers_tell_raw(c);
    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;
        const float *pred = c->pred + i, *target = c->target + i;

        FELL_EACH for (int64_t j = 0; j < m; j++) error[j] = fabsf(pred[j] - target[j]);
        sum += rows_total(error, m);
    }
    *c->value = n ? sum / (double)n : (double)NAN;
    return FELL_OK;
}

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
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mae.item);
