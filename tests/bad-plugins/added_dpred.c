/* fails: gradient, unset memory, finite numbers
 * Adds to dpred, which holds nothing before. */
#include "bad.h"

static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float d = c->pred[i] - c->target[i];

        c->sum += (double)(d * d);
        c->dpred[i] += 2.0f * d;
    }
    c->weight *= (double)c->cols;
    return FELL_OK;
}

static const fell_loss item = FELL_LOSS("bad", "Mean of squared differences.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
