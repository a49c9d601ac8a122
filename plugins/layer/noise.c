/* noise.c - while training, normal random numbers are added. */
#include "fell/plugin.h"

struct noise {
    double stddev;
};

static const fell_param params[] = {
    FELL_FLOAT(struct noise, stddev, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "Standard deviation of the noise, from 0 up, in the unit of the input."),
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

FELL_KERNEL(add_noise, fell_layer_call)
{
    const struct noise *s = c->settings;
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
        memcpy(c->y, c->x[0], (size_t)n * sizeof(float));
        return FELL_OK;
    }
    fell_normal(c->ctx, c->y, n);
    return add_noise(c);
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);

    if (c->dx[0])
        memcpy(c->dx[0], c->dy, (size_t)n * sizeof(float));
    return FELL_OK;
}

static const fell_layer noise = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "noise",
                      "Adds normal (gaussian) noise while training, against overfitting.\n\n"
                      "y = x + stddev z with z drawn anew from N(0, 1) for every number and step; y = x in\n"
                      "evaluation; dx = dy. C. Bishop, \"Training with noise is equivalent to Tikhonov\n"
                      "regularization\", Neural Computation 7, 1995. Called GaussianNoise in Keras.",
                      struct noise, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &noise.item);
