/* fails: empty call
 * Refuses a batch without rows. */
#include "bad.h"

FELL_KERNEL(eval, fell_loss_call)
{
    const int64_t n = c->rows * c->cols;

    if (!n)
        return fell_fail(c->ctx, "there are no rows");
    for (int64_t i = 0; i < n; i++) {
        const float d = c->pred[i] - c->target[i];

        c->sum += (double)(d * d);
        c->dpred[i] = 2.0f * d;
    }
    c->weight = (double)n;
    return FELL_OK;
}

static const fell_loss item = FELL_LOSS("bad", "Mean of squares.", FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "", &item.item);
