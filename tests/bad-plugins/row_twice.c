/* fails: row weights
 * Weighs errors by the square of the weight: 0 and 1 do not show it. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0, all = 0.0;

    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const double w = c->weight ? (double)c->weight[i / c->cols] : 1.0;

        sum += w * w * fabs((double)(c->pred[i] - c->target[i]));
        all += w;
    }
    *c->value = all > 0.0 ? sum / all : NAN;
    return FELL_OK;
}

static const fell_metric item = {
    .item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Mean size of the errors."),
    .target = FELL_VALUES,
    .eval = eval,
    .weighs = 1};

FELL_PLUGIN("1.0", "", &item.item);
