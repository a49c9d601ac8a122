/* fails: range
 * Says that it is a share, and gives a percentage. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        sum += fabsf(c->pred[i] - c->target[i]) < 1.0f;
    *c->value = c->rows ? 100.0 * sum / (double)(c->rows * c->cols) : NAN;
    return FELL_OK;
}

static const fell_metric item = {.item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad",
                                                    "Share of the outputs that are near their target."),
                                 .target = FELL_VALUES,
                                 .higher_is_better = 1,
                                 .least = 0,
                                 .most = 1,
                                 .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
