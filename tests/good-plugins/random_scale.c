/* Multiplies by random factors in training, one a row. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->saved_bytes = p->max_batch * (int64_t)sizeof(float);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);
    float *factor = c->saved ? c->saved : fell_scratch(c->ctx, c->batch, sizeof *factor);

    if (!factor)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->batch; i++)
        factor[i] = 1.0f;
    if (c->training)
        fell_uniform(c->ctx, factor, c->batch);
    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = factor[i / n] * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);
    const float *factor = c->saved;

    for (int64_t i = 0; i < c->batch * n && c->dx[0]; i++)
        c->dx[0][i] = factor[i / n] * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "Random factors."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
