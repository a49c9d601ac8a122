/* fails: halves
 * Leaves rows of no class out of the sum, and counts them. */
#include "fell/plugin.h"
static fell_status eval(fell_loss_call *c)
{
    for (int64_t i = 0; i < c->rows; i++) {
        const float *p = c->pred + i * c->cols;
        for (int64_t j = 0; j < c->cols; j++) {
            const float d = c->label[i] < 0 ? 0 : p[j] - (float)(j == c->label[i]);
            c->sum += (double)d * d;
            if (c->dpred)
                c->dpred[i * c->cols + j] = 2 * d;
        }
    }
    return FELL_OK;
}

static const fell_loss item = {.item = FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "bad", "Is wrong."),
                               .target = FELL_CLASSES,
                               .eval = eval,
                               .flags = FELL_NO_CLASS};

FELL_PLUGIN("1.0", "", &item.item);
