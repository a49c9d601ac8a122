/* fails: loading
 * An optimizer without a rate. */
#include "bad.h"

FELL_KERNEL(step, fell_optimizer_call)
{
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= 0.1f * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM0(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Steps downhill."), .step = step};

FELL_PLUGIN("1.0", "", &item.item);
