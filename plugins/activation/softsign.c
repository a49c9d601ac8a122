/* softsign.c - squeezes into (-1, 1) more gently than tanh. */
#include "fell/plugin.h"

static inline float squeeze(const void *s, float x)
{
    (void)s;
    return x / (1.0f + fell_abs_(x));
}

static inline float slope(const void *s, float x, float y)
{
    const float r = 1.0f / (1.0f + fell_abs_(x));

    (void)s, (void)y;
    return r * r;
}

FELL_ELEMENTWISE(void, squeeze, slope)

static const fell_activation softsign = FELL_BOUNDED(
    "softsign",
    "Squeezes every number into (-1, 1), more slowly than tanh.\n\n"
    "y = x / (1 + |x|), dy/dx = 1 / (1 + |x|)^2. J. Bergstra, G. Desjardins, P. Lamblin and\n"
    "Y. Bengio, \"Quadratic polynomials learn better image features\", 2009. As PyTorch's Softsign.",
    FELL_REAL, squeeze_forward, squeeze_backward, -1, 1);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &softsign.item);
