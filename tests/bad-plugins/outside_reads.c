/* fails: outside reads
 * Its loop goes one too far. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i <= c->rows * c->cols && c->rows > 0; i++)
        sum += (double)c->pred[i];
    *c->value = c->rows > 0 ? sum / (double)(c->rows * c->cols) : NAN;
    return FELL_OK;
}

static const fell_metric item = {.item = FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "Mean prediction."),
                                 .target = FELL_VALUES,
                                 .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
