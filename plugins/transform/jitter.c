/* jitter.c - in training, normal random numbers are added to the inputs. */
#include "fell/plugin.h"

struct jitter {
    double stddev;
};

static const fell_param params[] = {
    FELL_FLOAT(struct jitter, stddev, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise, from 0 up, in the unit of the inputs."),
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

FELL_KERNEL(add_noise, fell_layer_call)
{
    const struct jitter *s = c->settings;
    const float stddev = (float)s->stddev, *x = c->x[0];
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    float *y = c->y;

    FELL_EACH for (int64_t i = 0; i < n; i++) y[i] = x[i] + stddev * y[i];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);

    if (!c->training) {
        memcpy(c->y, c->x[0], (size_t)n * sizeof *c->y);
        return FELL_OK;
    }
    fell_normal(c->ctx, c->y, n);
    return add_noise(c);
}

static const fell_layer jitter = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "jitter",
                  "In training, adds normal (gaussian) noise to the inputs, anew in every epoch.\n\n"
                  "y = x + stddev z with z drawn from N(0, 1) for every number; y = x in evaluation. The\n"
                  "layer `noise` does the same to what a layer gives.",
                  struct jitter, params),
    .plan = plan,
    .forward = forward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &jitter.item);
