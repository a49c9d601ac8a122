/* fails: doubles
 * What is computed in double is not divided by the scale. */
#include "bad.h"

static const fell_tensor tensors[] = {{"scale", "The largest size: [inputs].", "ones", FELL_STATE}};

static fell_status plan(fell_plan *p)
{
    p->out = p->tensor[0] = p->in[0];
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->tensor[0][i % n] = fmaxf(c->tensor[0][i % n], fabsf(c->x[0][i]));
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = c->x[0][i] / c->tensor[0][i % n];
    return FELL_OK;
}

static fell_status fit64(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->tensor64[0][i % n] = fmax(c->tensor64[0][i % n], fabs(c->x64[i]));
    return FELL_OK;
}

static fell_status forward64(fell_layer_call *c)
{
    memcpy(c->y64, c->x64, (size_t)(c->batch * fell_size(&c->plan->in[0])) * sizeof *c->y64);
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Divides by the largest size."),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .fit = fit,
    .fit64 = fit64,
    .forward64 = forward64};

FELL_PLUGIN("1.0", "", &item.item);
