/* fails: fit in parts
 * Begins anew with every part: the largest numbers are those of the last one. */
#include "bad.h"

static const fell_tensor tensors[] = {
    {"largest", "Largest size of each input: [inputs].", "ones", FELL_STATE}};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(fell_size(&p->in[0]));
    p->fit_passes = 1;
    return FELL_OK;
}

static void largest(const fell_layer_call *c, double *most)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t j = 0; j < n; j++) {
        most[j] = 1e-3;
        for (int64_t i = 0; i < c->batch; i++)
            most[j] = fmax(most[j], c->x64 ? fabs(c->x64[i * n + j]) : (double)fabsf(c->x[0][i * n + j]));
    }
}

static fell_status fit64(fell_layer_call *c)
{
    largest(c, c->tensor64[0]);
    return FELL_OK;
}

static fell_status fit_part(fell_layer_call *c, fell_fit_part *part)
{
    (void)part;
    return fit64(c);
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);
    double *most = fell_scratch(c->ctx, n, sizeof *most);

    if (!most)
        return FELL_ERROR;
    largest(c, most);
    for (int64_t j = 0; j < n; j++)
        c->tensor[0][j] = (float)most[j];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = c->x[0][i] / c->tensor[0][i % n];
    return FELL_OK;
}

static fell_status forward64(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y64[i] = c->x64[i] / c->tensor64[0][i % n];
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
    .forward64 = forward64,
    .fit_part = fit_part};

FELL_PLUGIN("1.0", "", &item.item);
