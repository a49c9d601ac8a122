/* fails: gradient
 * The gradient of training, whatever the call says; a probe asks for that of evaluation. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = (c->training ? 2.0f : 1.0f) * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; c->dx[0] && i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->dx[0][i] = 2.0f * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Doubles its input in training."),
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
