/* fails: bounds, outside reads, halves
 * Takes -1, no class, for an index. */
#include "fell/plugin.h"
static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows; i++) {
        const float *p = c->pred + i * c->cols;
        for (int64_t j = 0; j < c->cols; j++)
            c->dpred[i * c->cols + j] = 2 * p[j];
        for (int64_t j = 0; j < c->cols; j++)
            c->sum += (double)p[j] * p[j];
        c->sum += 1 - 2.0 * p[c->label[i]];
        c->dpred[i * c->cols + c->label[i]] -= 2;
    }
    return FELL_OK;
}

static const fell_loss item = {.item = FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "bad", "Is wrong."),
                               .target = FELL_CLASSES,
                               .eval = eval,
                               .flags = FELL_NO_CLASS};

FELL_PLUGIN("1.0", "", &item.item);
