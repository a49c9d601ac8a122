/* fails: gradient, unset memory, batch sizes, finite numbers
 * Keeps the address of working memory, which is gone when forward returns. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->saved_bytes = sizeof(float *);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    float *slope = fell_scratch(c->ctx, n, sizeof *slope);

    if (!slope)
        return FELL_ERROR;
    for (int64_t i = 0; i < n; i++) {
        c->y[i] = fell_tanh(c->x[0][i]);
        slope[i] = 1.0f - c->y[i] * c->y[i];
    }
    if (c->saved)
        memcpy(c->saved, &slope, sizeof slope);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    const float *slope;

    memcpy(&slope, c->saved, sizeof slope);
    for (int64_t i = 0; i < n && c->dx[0]; i++)
        c->dx[0][i] = slope[i] * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Tanh of each input."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
