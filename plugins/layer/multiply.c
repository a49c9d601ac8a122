/* multiply.c - the product of several entries, for gates. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    for (int64_t i = 1; i < p->nin; i++)
        if (memcmp(&p->in[i], &p->in[0], sizeof p->in[0]) != 0)
            return fell_fail(p->ctx, "input %lld has another shape than input 1; they must be equal",
                             (long long)i + 1);
    p->out = p->in[0];
    return FELL_OK;
}

/* to = FROM times every input but the one at LEFT_OUT, in order. */
FELL_INLINE void product(const fell_layer_call *c, const float *from, int64_t left_out, float *to)
{
    const int64_t n = c->batch * fell_size(&c->plan->out);

    memcpy(to, from, (size_t)n * sizeof *to);
    for (int64_t i = 0; i < c->plan->nin; i++) {
        const float *x = c->x[i];

        if (i != left_out)
            FELL_EACH for (int64_t j = 0; j < n; j++) to[j] *= x[j];
    }
}

FELL_KERNEL(forward, fell_layer_call)
{
    product(c, c->x[0], 0, c->y);
    return FELL_OK;
}

FELL_KERNEL(backward, fell_layer_call)
{
    for (int64_t i = 0; i < c->plan->nin; i++)
        if (c->dx[i])
            product(c, c->dy, i, c->dx[i]);
    return FELL_OK;
}

static const fell_layer multiply = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "multiply",
                       "Multiplies several inputs of one shape, element by element.\n\n"
                       "y = x1 x2 ...: a gate, where one of them comes from a sigmoid:\n"
                       "`- multiply: {from: [a, gate]}`. dx of each is dy times all the others."),
    .min_inputs = 2,
    .max_inputs = INT32_MAX,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &multiply.item);
