/* masked_mean.c - A mean of steps by a mask, which is an input of another rank; right. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    if (p->in[0].rank != 2 || fell_size(&p->in[1]) != p->in[0].dim[0])
        return fell_fail(p->ctx, "takes a sequence and a number for each step");
    p->out = fell_vec(p->in[0].dim[1]);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    int64_t T = c->plan->in[0].dim[0], D = c->plan->in[0].dim[1];
    for (int64_t b = 0; b < c->batch; b++)
        for (int64_t j = 0; j < D; j++) {
            double s = 0, w = 1e-3;
            for (int64_t t = 0; t < T; t++) {
                double m = (double)c->x[1][b * T + t] * c->x[1][b * T + t];
                s += m * c->x[0][(b * T + t) * D + j];
                w += m;
            }
            c->y[b * D + j] = (float)(s / w);
        }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    int64_t T = c->plan->in[0].dim[0], D = c->plan->in[0].dim[1];
    for (int64_t b = 0; b < c->batch; b++) {
        double w = 1e-3;
        for (int64_t t = 0; t < T; t++)
            w += (double)c->x[1][b * T + t] * c->x[1][b * T + t];
        for (int64_t t = 0; t < T; t++) {
            double v = c->x[1][b * T + t], dm = 0;
            for (int64_t j = 0; j < D; j++) {
                if (c->dx[0])
                    c->dx[0][(b * T + t) * D + j] = (float)(c->dy[b * D + j] * v * v / w);
                dm += (double)c->dy[b * D + j] * (c->x[0][(b * T + t) * D + j] - c->y[b * D + j]);
            }
            if (c->dx[1])
                c->dx[1][b * T + t] = (float)(2 * v * dm / w);
        }
    }
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "The mean of steps by a mask."),
    .min_inputs = 2,
    .max_inputs = 2,
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
