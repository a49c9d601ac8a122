/* hard_shrink.c - small numbers become zero, the others stay. */
#include "fell/plugin.h"

struct shrink {
    double lambda;
};

static const fell_param params[] = {
    FELL_FLOAT(struct shrink, lambda, 0.5, 0, INFINITY, FELL_MAX_OPEN,
               "Numbers from -lambda to lambda become zero; 0 or more."),
};

static inline float cut(const struct shrink *s, float x)
{
    const float lambda = (float)s->lambda;

    return x >= -lambda && x <= lambda ? 0.0f : x;
}

static inline float slope(const struct shrink *s, float x, float y)
{
    const float lambda = (float)s->lambda;

    (void)y;
    return x >= -lambda && x <= lambda ? 0.0f : 1.0f;
}

FELL_ELEMENTWISE(struct shrink, cut, slope)

static const fell_activation hard_shrink = {
    FELL_ITEM(
        FELL_KIND_ACTIVATION, fell_activation, "hard_shrink",
        "Small numbers become zero, the others stay as they are.\n\n"
        "y = 0 for -lambda <= x <= lambda, else x; dy/dx = 0, else 1. D. Donoho and I. Johnstone,\n"
        "\"Ideal spatial adaptation by wavelet shrinkage\", 1994. As PyTorch's Hardshrink, whose lambd\n"
        "this is.",
        struct shrink, params),
    .yields = FELL_REAL, .forward = cut_forward, .backward = cut_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &hard_shrink.item);
