/* fails: gradient
 * Weight gradients of the rows from 64 on are forgotten: a block too few. */
#include "bad.h"

static const fell_tensor tensors[] = {{"weight", "Factor of each input: [inputs].", "ones", FELL_WEIGHT}};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(fell_size(&p->in[0]));
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = c->tensor[0][i % n] * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++) {
        if (c->dx[0])
            c->dx[0][i] = c->tensor[0][i % n] * c->dy[i];
        if (c->grad[0] && i < 64 * n)
            c->grad[0][i % n] += c->dy[i] * c->x[0][i];
    }
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Scales each input by itself."),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
