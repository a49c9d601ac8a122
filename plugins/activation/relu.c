/* relu.c - the rectified linear unit. */
#include "fell/plugin.h"

/* A NaN stays one, so that a run that has diverged is seen to. */
static inline float rectify(const void *s, float x)
{
    (void)s;
    return x <= 0.0f ? 0.0f : x;
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)x;
    return y <= 0.0f ? 0.0f : 1.0f;
}

FELL_ELEMENTWISE(void, rectify, slope)

static const fell_activation relu = FELL_ACTIVATION(
    "relu",
    "Rectified linear unit: negative inputs become zero.\n\n"
    "y = max(x, 0), with slope 0 at 0. V. Nair and G. Hinton, \"Rectified linear units improve\n"
    "restricted Boltzmann machines\", ICML 2010.",
    FELL_REAL, rectify_forward, rectify_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &relu.item);
