/* celu.c - the exponential linear unit whose slope is continuous for every alpha. */
#include "fell/plugin.h"

struct celu {
    double alpha;
};

static const fell_param params[] = {
    FELL_FLOAT(struct celu, alpha, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Negative inputs go down to -alpha, and as much more slowly; above 0."),
};

static inline float bend(const struct celu *s, float x)
{
    const float alpha = (float)s->alpha, inverse = (float)(1.0 / s->alpha);

    return x > 0.0f ? x : alpha * fell_expm1(x * inverse);
}

static inline float slope(const struct celu *s, float x, float y)
{
    const float inverse = (float)(1.0 / s->alpha);

    (void)y;
    return x > 0.0f ? 1.0f : fell_exp(x * inverse);
}

FELL_ELEMENTWISE(struct celu, bend, slope)

static const fell_activation celu = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "celu",
              "Exponential linear unit with slope 1 at 0 for every alpha.\n\n"
              "y = x for x > 0, else alpha (exp(x / alpha) - 1); dy/dx = 1, else exp(x / alpha).\n"
              "J. Barron, \"Continuously differentiable exponential linear units\", 2017. As PyTorch's CELU.",
              struct celu, params),
    .yields = FELL_REAL, .forward = bend_forward, .backward = bend_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &celu.item);
