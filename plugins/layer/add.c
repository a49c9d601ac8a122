/* add.c - the sum of several entries, for residual connections. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    for (int64_t i = 1; i < p->nin; i++) {
        bool same = p->in[i].rank == p->in[0].rank;

        for (int64_t d = 0; same && d < p->in[0].rank; d++)
            same = p->in[i].dim[d] == p->in[0].dim[d];
        if (!same)
            return fell_fail(p->ctx, "input %lld has another shape than input 1; they must be equal",
                             (long long)i + 1);
    }
    p->out = p->in[0];
    return FELL_OK;
}

/* y = x[0] + x[1], then each further one, in order. */
FELL_KERNEL(forward, fell_layer_call)
{
    const int64_t n = c->batch * fell_size(&c->plan->out);
    const float *a = c->x[0], *b = c->x[1];
    float *y = c->y;

    FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = a[j] + b[j];
    for (int64_t i = 2; i < c->plan->nin; i++) {
        const float *x = c->x[i];

        FELL_EACH for (int64_t j = 0; j < n; j++) y[j] += x[j];
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const size_t bytes = (size_t)(c->batch * fell_size(&c->plan->out)) * sizeof(float);

    for (int64_t i = 0; i < c->plan->nin; i++)
        if (c->dx[i])
            memcpy(c->dx[i], c->dy, bytes);
    return FELL_OK;
}

static const fell_layer add = {
    .item =
        FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "add",
                   "Adds several inputs of one shape, element by element.\n\n"
                   "y = x1 + x2 + ..., the end of a residual block: `- add: {from: [a, b]}`. K. He et al.,\n"
                   "\"Deep residual learning for image recognition\", CVPR 2016."),
    .min_inputs = 2,
    .max_inputs = INT32_MAX,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &add.item);
