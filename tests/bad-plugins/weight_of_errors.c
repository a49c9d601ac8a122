/* fails: finite numbers
 * Its weight counts what is wrong, which is nothing where all is right. */
#include "fell/plugin.h"

static fell_status eval(fell_loss_call *c)
{
    int64_t n = c->rows * c->cols, k = 0;
    for (int64_t i = 0; i < n; i++) {
        float d = c->pred[i] - c->target[i];
        c->sum += (double)d * d;
        k += d != 0;
        if (c->dpred)
            c->dpred[i] = 2 * d;
    }
    c->weight = (double)k;
    return FELL_OK;
}

static const fell_loss item = {
    .item = FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "bad", "Is wrong."), .target = FELL_VALUES, .eval = eval};

FELL_PLUGIN("1.0", "", &item.item);
