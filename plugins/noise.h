/* noise.h - normal random numbers added to rows while training: what the layer `noise` and the transform
 * `jitter` share. Included by plugins only.
 */
#ifndef PLUGINS_NOISE_H
#define PLUGINS_NOISE_H

#include "pass.h"

struct noise {
    double stddev;
};

static inline fell_status noise_plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

FELL_KERNEL(noise_add, fell_layer_call)
{
    const struct noise *s = c->settings;
    const float stddev = (float)s->stddev, *x = c->x[0];
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    float *y = c->y;

    FELL_EACH for (int64_t i = 0; i < n; i++) y[i] = x[i] + stddev * y[i];
    return FELL_OK;
}

/* y = x + stddev z, with z drawn into y first. */
static inline fell_status noise_forward(fell_layer_call *c)
{
    if (!c->training)
        return pass_forward(c);
    fell_normal(c->ctx, c->y, c->batch * fell_size(&c->plan->in[0]));
    return noise_add(c);
}

#endif
