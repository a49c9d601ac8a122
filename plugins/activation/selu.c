/* selu.c - the exponential linear unit that keeps mean 0 and variance 1 from layer to layer. */
#include "fell/plugin.h"

/* Appendix 1 of the paper solves for the two. */
#define SCALE 1.0507009873554805f
#define ALPHA 1.6732632423543772f

static inline float bend(const void *s, float x)
{
    (void)s;
    return x > 0.0f ? SCALE * x : (SCALE * ALPHA) * fell_expm1(x);
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return x > 0.0f ? SCALE : (SCALE * ALPHA) * fell_exp(x);
}

FELL_ELEMENTWISE(void, bend, slope)

static const fell_activation selu = FELL_ACTIVATION(
    "selu",
    "Scaled exponential linear unit: keeps outputs near mean 0 and variance 1 by itself.\n\n"
    "y = 1.0507 x for x > 0, else 1.0507 * 1.6733 (exp(x) - 1). To be used with weights from\n"
    "lecun_normal. G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, \"Self-normalizing\n"
    "neural networks\", NeurIPS 2017. As PyTorch's SELU.",
    FELL_REAL, bend_forward, bend_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &selu.item);
