/* fails: order of rows
 * Adds up in float, so that what comes after a large number is lost. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    float sum = 0.0f;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        sum += fabsf(c->pred[i] - c->target[i]);
    *c->value = c->rows ? (double)sum / (double)(c->rows * c->cols) : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Mean size of the errors."),
    .target = FELL_VALUES,
    .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
