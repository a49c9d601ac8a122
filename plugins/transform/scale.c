/* scale.c - every input times one factor. */
#include "fell/plugin.h"

struct scale {
    double factor;
};

static const fell_param params[] = {
    FELL_FLOAT(struct scale, factor, 0, -INFINITY, INFINITY, FELL_REQUIRED | FELL_MIN_OPEN | FELL_MAX_OPEN,
               "The factor, any number; 0.00392156862745098 brings pixels of 0..255 to 0..1."),
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    const struct scale *s = c->settings;
    const float factor = (float)s->factor;
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    const float *x = c->x[0];
    float *y = c->y;

    FELL_EACH for (int64_t i = 0; i < n; i++) y[i] = x[i] * factor;
    return FELL_OK;
}

static fell_status forward64(fell_layer_call *c)
{
    const struct scale *s = c->settings;
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < n; i++)
        c->y64[i] = c->x64[i] * s->factor;
    return FELL_OK;
}

static const fell_layer scale = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "scale",
                      "Multiplies every input by one factor.\n\n"
                      "y = factor x, in the order of the transforms; nothing is fitted.",
                      struct scale, params),
    .plan = plan,
    .forward = forward,
    .forward64 = forward64,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &scale.item);
