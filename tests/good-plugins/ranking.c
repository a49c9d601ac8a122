/* A loss of pairs of rows: each pair in the wrong order costs its logistic loss. One row has none. */
#include "fell/plugin.h"

static fell_status eval(fell_loss_call *c)
{
    memset(c->dpred, 0, (size_t)(c->rows * c->cols) * sizeof *c->dpred);
    for (int64_t j = 0; j < c->cols; j++)
        for (int64_t a = 0; a < c->rows; a++)
            for (int64_t b = 0; b < c->rows; b++) {
                const int64_t p = a * c->cols + j, q = b * c->cols + j;
                const float d = c->pred[p] - c->pred[q];

                if (!(c->target[p] > c->target[q]))
                    continue;
                c->sum += d > 0.0f ? (double)fell_log(1.0f + fell_exp(-d))
                                   : (double)(fell_log(1.0f + fell_exp(d)) - d);
                c->dpred[p] -= fell_sigmoid(-d);
                c->dpred[q] += fell_sigmoid(-d);
            }
    return FELL_OK;
}

static const fell_loss item = {.item =
                                   FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "good", "Pairs in the wrong order."),
                               .target = FELL_VALUES,
                               .eval = eval,
                               .pairs = 1};

FELL_PLUGIN("1.0", "", &item.item);
