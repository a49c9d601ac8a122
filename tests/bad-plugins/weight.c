/* fails: weight
 * Adds the number of its elements to the number of rows that weight begins with. */
#include "bad.h"

static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float d = c->pred[i] - c->target[i];

        c->sum += (double)(d * d);
        c->weight += 1.0;
        c->dpred[i] = 2.0f * d;
    }
    return FELL_OK;
}

static const fell_loss item = FELL_LOSS("bad", "Mean of squared differences.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
