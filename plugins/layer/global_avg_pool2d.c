/* global_avg_pool2d.c - the mean of each channel of an image. */
#include "../rows.h"

static fell_status plan(fell_plan *p)
{
    const fell_shape *in = &p->in[0];

    if (in->rank != 3)
        return fell_fail(p->ctx, "takes images [channels, height, width]; its input has %lld dimension%s",
                         (long long)in->rank, in->rank == 1 ? "" : "s");
    p->out = (fell_shape){3, {in->dim[0], 1, 1}};
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    const fell_shape *in = &c->plan->in[0];
    const int64_t planes = c->batch * in->dim[0], pixels = in->dim[1] * in->dim[2];

    for (int64_t p = 0; p < planes; p++)
        c->y[p] = rows_sum(c->x[0] + p * pixels, pixels) / (float)pixels;
    return FELL_OK;
}

FELL_KERNEL(backward, fell_layer_call)
{
    const fell_shape *in = &c->plan->in[0];
    const int64_t planes = c->batch * in->dim[0], pixels = in->dim[1] * in->dim[2];
    float *dx = c->dx[0];

    for (int64_t p = 0; dx && p < planes; p++, dx += pixels) {
        const float d = c->dy[p] / (float)pixels;

        for (int64_t i = 0; i < pixels; i++)
            dx[i] = d;
    }
    return FELL_OK;
}

static const fell_layer global_avg_pool2d = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "global_avg_pool2d",
                       "Takes the mean of each channel of an image.\n\n"
                       "[C,H,W] becomes [C,1,1], as PyTorch's nn.AdaptiveAvgPool2d(1). M. Lin, Q. Chen and\n"
                       "S. Yan, \"Network in network\", ICLR 2014."),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &global_avg_pool2d.item);
