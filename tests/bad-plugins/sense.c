/* fails: sense
 * Says of an error that more of it is better. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        sum += (double)fabsf(c->pred[i] - c->target[i]);
    *c->value = c->rows ? sum / (double)(c->rows * c->cols) : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Mean size of the errors."),
    .target = FELL_VALUES,
    .higher_is_better = 1,
    .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
