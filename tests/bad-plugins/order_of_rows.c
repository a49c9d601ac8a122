/* fails: order of rows
 * Counts each row half as much as the one after it. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        sum = 0.5 * sum + (double)fabsf(c->pred[i] - c->target[i]);
    *c->value = c->rows ? sum : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Mean size of the errors."),
    .target = FELL_VALUES,
    .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
