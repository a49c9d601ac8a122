/* fails: columns
 * Says that columns are wider, and not that they have moved. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(2 * fell_size(&p->in[0]));
    for (int64_t j = 0; j < p->ncolumns; j++)
        p->out_column[j].width *= 2;
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    int64_t n = fell_size(&c->plan->in[0]);
    for (int64_t b = 0; b < c->batch; b++)
        for (int64_t j = 0; j < n; j++) {
            float x = c->x[0][b * n + j];
            c->y[b * 2 * n + 2 * j] = x;
            c->y[b * 2 * n + 2 * j + 1] = x * x;
        }
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Is wrong."), .plan = plan, .forward = forward};

FELL_PLUGIN("1.0", "", &item.item);
