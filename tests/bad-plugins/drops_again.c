/* fails: gradient, batch sizes
 * Drops again in its backward pass, and not what forward has dropped. */
#include "fell/plugin.h"
static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}
static fell_status forward(fell_layer_call *c)
{
    int64_t n = c->batch * fell_size(&c->plan->in[0]);
    if (!c->training) {
        memcpy(c->y, c->x[0], (size_t)n * 4);
        return FELL_OK;
    }
    float *u = fell_scratch(c->ctx, n, 4);
    if (!u)
        return FELL_ERROR;
    fell_uniform(c->ctx, u, n);
    for (int64_t i = 0; i < n; i++)
        c->y[i] = u[i] < 0.5f ? 0.0f : 2.0f * c->x[0][i];
    return FELL_OK;
}
static fell_status backward(fell_layer_call *c)
{
    int64_t n = c->batch * fell_size(&c->plan->in[0]);
    if (!c->dx[0])
        return FELL_OK;
    if (!c->training) {
        memcpy(c->dx[0], c->dy, (size_t)n * 4);
        return FELL_OK;
    }
    float *u = fell_scratch(c->ctx, n, 4);
    if (!u)
        return FELL_ERROR;
    fell_uniform(c->ctx, u, n);
    for (int64_t i = 0; i < n; i++)
        c->dx[0][i] = u[i] < 0.5f ? 0.0f : 2.0f * c->dy[i];
    return FELL_OK;
}
static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Drops."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};
FELL_PLUGIN("1.0", "", &item.item);
