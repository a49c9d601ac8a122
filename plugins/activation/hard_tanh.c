/* hard_tanh.c - numbers cut off below and above. */
#include "fell/plugin.h"

struct hard_tanh {
    double min, max;
};

static const fell_param params[] = {
    FELL_FLOAT(struct hard_tanh, min, -1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Smallest output, below max."),
    FELL_FLOAT(struct hard_tanh, max, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Largest output, above min."),
};

static inline float clip(const struct hard_tanh *s, float x)
{
    const float min = (float)s->min, max = (float)s->max;

    return x < min ? min : x > max ? max : x;
}

static inline float slope(const struct hard_tanh *s, float x, float y)
{
    const float min = (float)s->min, max = (float)s->max;

    (void)y;
    return x <= min || x >= max ? 0.0f : 1.0f;
}

FELL_ELEMENTWISE(struct hard_tanh, clip, slope)

static fell_status forward(fell_activation_call *c)
{
    const struct hard_tanh *s = c->settings;

    if (s->min >= s->max)
        return fell_fail(c->ctx, "max: %g is not above min, %g", s->max, s->min);
    return clip_forward(c);
}

static const fell_activation hard_tanh = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "hard_tanh",
              "Returns its input, cut off below min and above max.\n\n"
              "y = min(max(x, min), max), with slope 0 at both ends. R. Collobert, \"Large scale machine\n"
              "learning\", thesis, Paris 2004. As PyTorch's Hardtanh, whose min_val and max_val these are.",
              struct hard_tanh, params),
    .yields = FELL_REAL, .forward = forward, .backward = clip_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &hard_tanh.item);
