/* fails: row weights
 * Weighs the errors, and divides by the number of rows. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        sum += fabs((double)(c->pred[i] - c->target[i])) * (c->weight ? (double)c->weight[i / c->cols] : 1.0);
    *c->value = c->rows ? sum / (double)(c->rows * c->cols) : NAN;
    return FELL_OK;
}

static const fell_metric item = {.item =
                                     FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Mean size of errors."),
                                 .target = FELL_VALUES,
                                 .eval = eval,
                                 .weighs = 1};

FELL_PLUGIN("1.0", "", &item.item);
