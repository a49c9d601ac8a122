/* fails: fit
 * Forgets the last row when it looks for the largest numbers. */
#include "bad.h"

static const fell_tensor tensors[] = {
    {"largest", "Largest size of each input: [inputs].", "ones", FELL_STATE}};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(fell_size(&p->in[0]));
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t j = 0; j < n; j++) {
        float most = 1e-3f;

        for (int64_t i = 0; i + 1 < c->batch; i++)
            most = fmaxf(most, fabsf(c->x[0][i * n + j]));
        c->tensor[0][j] = most;
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = c->x[0][i] / c->tensor[0][i % n];
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Divides by the largest size."),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .fit = fit};

FELL_PLUGIN("1.0", "", &item.item);
