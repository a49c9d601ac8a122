/* flatten.c - rows of any shape as vectors. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(fell_size(&p->in[0]));
    return FELL_OK;
}

static size_t bytes(const fell_layer_call *c)
{
    return (size_t)(c->batch * c->plan->out.dim[0]) * sizeof(float);
}

static fell_status forward(fell_layer_call *c)
{
    memcpy(c->y, c->x[0], bytes(c));
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    if (c->dx[0])
        memcpy(c->dx[0], c->dy, bytes(c));
    return FELL_OK;
}

static const fell_layer flatten = {
    .item =
        FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "flatten",
                   "Turns each row, an image or a sequence, into one vector.\n\n"
                   "[C,H,W] becomes [C H W] with the last dimension running fastest, as PyTorch's Flatten."),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &flatten.item);
