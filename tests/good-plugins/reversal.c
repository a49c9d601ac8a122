/* The identity, with gradients turned round: Ganin and Lempitsky 2015. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    memcpy(c->y, c->x[0], (size_t)(c->batch * fell_size(&c->plan->in[0])) * sizeof *c->y);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]) && c->dx[0]; i++)
        c->dx[0][i] = -0.3f * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {.item =
                                    FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "Reverses gradients."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward,
                                .flags = FELL_SURROGATE};

FELL_PLUGIN("1.0", "", &item.item);
