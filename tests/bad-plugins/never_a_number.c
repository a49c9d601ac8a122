/* fails: range
 * Takes logits for probabilities; of nearly any rows some have no logarithm. */
#include "bad.h"

static fell_status eval(fell_metric_call *c)
{
    double sum = 0.0;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        sum -= log(fabs((double)c->pred[i]) + 1e-3) * sqrt(fmin((double)c->pred[i], 0.0));
    *c->value = c->rows ? sum / (double)c->rows : NAN;
    return FELL_OK;
}

static const fell_metric item = {.item =
                                     FELL_ITEM0(FELL_KIND_METRIC, fell_metric, "bad", "A kind of entropy."),
                                 .target = FELL_CLASSES,
                                 .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
