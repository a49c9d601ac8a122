/* fails: doubles
 * Computes in float what it is given in double. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = 0.5f * c->x[0][i];
    return FELL_OK;
}

static fell_status forward64(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y64[i] = (double)(0.5f * (float)c->x64[i]);
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Halves its inputs."),
                                .plan = plan,
                                .forward = forward,
                                .forward64 = forward64};

FELL_PLUGIN("1.0", "", &item.item);
