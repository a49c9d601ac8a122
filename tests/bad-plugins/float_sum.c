/* fails: halves
 * Adds up in float, which loses digits where there are many rows. */
#include "bad.h"

static fell_status eval(fell_loss_call *c)
{
    float sum = 0.0f;

    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const float d = c->pred[i] - c->target[i];

        sum += d * d;
        c->dpred[i] = 2.0f * d;
    }
    c->sum = (double)sum;
    return FELL_OK;
}

static const fell_loss item = FELL_LOSS("bad", "Sum of squares.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
