/* fails: rows
 * In evaluation it divides by the number of rows that there are, and not by that of the plan. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static float factor(const fell_layer_call *c)
{
    return c->training ? 1.0f : 2.0f / (float)c->batch;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = factor(c) * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; c->dx[0] && i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->dx[0][i] = factor(c) * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {.item =
                                    FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Scales in evaluation."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
