/* fails: bounds, batch sizes
 * Has room for one row in what is saved. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->saved_bytes = fell_size(&p->in[0]) * (int64_t)sizeof(float);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    int64_t n = c->batch * fell_size(&c->plan->in[0]);
    float *s = c->saved;
    for (int64_t i = 0; i < n; i++) {
        c->y[i] = fell_tanh(c->x[0][i]);
        if (s)
            s[i] = 1 - c->y[i] * c->y[i];
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    int64_t n = c->batch * fell_size(&c->plan->in[0]);
    float *s = c->saved;
    for (int64_t i = 0; c->dx[0] && i < n; i++)
        c->dx[0][i] = c->dy[i] * s[i];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Is wrong."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
