/* Two inputs and long sums in float: all products of their numbers, weighted. */
#include "fell/plugin.h"

static const fell_tensor tensors[] = {
    {"weight", "[2, inputs a, inputs b].", "glorot_uniform", FELL_WEIGHT},
    {"bias", "[2].", "zeros", FELL_BIAS},
};

enum { UNITS = 2 };

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(UNITS);
    p->tensor[0] = (fell_shape){3, {UNITS, fell_size(&p->in[0]), fell_size(&p->in[1]), 0}};
    p->tensor[1] = fell_vec(UNITS);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t na = fell_size(&c->plan->in[0]), nb = fell_size(&c->plan->in[1]);

    for (int64_t r = 0; r < c->batch; r++)
        for (int64_t k = 0; k < UNITS; k++) {
            float sum = c->tensor[1][k];

            for (int64_t i = 0; i < na; i++)
                for (int64_t j = 0; j < nb; j++)
                    sum += c->x[0][r * na + i] * c->tensor[0][(k * na + i) * nb + j] * c->x[1][r * nb + j];
            c->y[r * UNITS + k] = sum;
        }
    return FELL_OK;
}

static void backward_row(const fell_layer_call *c, int64_t r, int64_t k)
{
    const int64_t na = fell_size(&c->plan->in[0]), nb = fell_size(&c->plan->in[1]);
    const float g = c->dy[r * UNITS + k];

    for (int64_t i = 0; i < na; i++)
        for (int64_t j = 0; j < nb; j++) {
            const int64_t at = (k * na + i) * nb + j;
            const float a = c->x[0][r * na + i], b = c->x[1][r * nb + j];

            if (c->grad[0])
                c->grad[0][at] += g * a * b;
            if (c->dx[0])
                c->dx[0][r * na + i] += g * c->tensor[0][at] * b;
            if (c->dx[1])
                c->dx[1][r * nb + j] += g * c->tensor[0][at] * a;
        }
}

static fell_status backward(fell_layer_call *c)
{
    for (int i = 0; i < 2; i++)
        if (c->dx[i])
            memset(c->dx[i], 0, (size_t)(c->batch * fell_size(&c->plan->in[i])) * sizeof *c->dx[i]);
    for (int64_t r = 0; r < c->batch; r++)
        for (int64_t k = 0; k < UNITS; k++) {
            if (c->grad[1])
                c->grad[1][k] += c->dy[r * UNITS + k];
            backward_row(c, r, k);
        }
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "Weighted products of two inputs."),
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .min_inputs = 2,
    .max_inputs = 2,
    .tensors = tensors,
    .ntensors = 2};

FELL_PLUGIN("1.0", "", &item.item);
