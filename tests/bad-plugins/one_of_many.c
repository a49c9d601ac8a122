/* fails: gradient
 * Of many numbers in a row one is forgotten. */
#include "bad.h"

static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        const double d = (double)c->pred[i] - (double)c->target[i];

        c->sum += d * d;
        c->dpred[i] = i % c->cols == 515 ? 0.0f : (float)(2.0 * d);
    }
    return FELL_OK;
}

static const fell_loss item = FELL_LOSS("bad", "Squared error.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
