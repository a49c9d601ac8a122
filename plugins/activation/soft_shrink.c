/* soft_shrink.c - every number moves towards zero by lambda. */
#include "fell/plugin.h"

struct shrink {
    double lambda;
};

static const fell_param params[] = {
    FELL_FLOAT(struct shrink, lambda, 0.5, 0, INFINITY, FELL_MAX_OPEN,
               "How far every number moves towards zero, 0 or more."),
};

static inline float soften(const struct shrink *s, float x)
{
    const float lambda = (float)s->lambda;

    return x >= -lambda && x <= lambda ? 0.0f : x > 0.0f ? x - lambda : x + lambda;
}

static inline float slope(const struct shrink *s, float x, float y)
{
    const float lambda = (float)s->lambda;

    (void)y;
    return x >= -lambda && x <= lambda ? 0.0f : 1.0f;
}

FELL_ELEMENTWISE(struct shrink, soften, slope)

static const fell_activation soft_shrink = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "soft_shrink",
              "Moves every number towards zero by lambda; the smaller ones become zero.\n\n"
              "y = x - lambda for x > lambda, x + lambda for x < -lambda, else 0; dy/dx = 1, 1, 0.\n"
              "D. Donoho, \"De-noising by soft-thresholding\", 1995. As PyTorch's Softshrink, whose lambd\n"
              "this is.",
              struct shrink, params),
    .yields = FELL_REAL, .forward = soften_forward, .backward = soften_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &soft_shrink.item);
