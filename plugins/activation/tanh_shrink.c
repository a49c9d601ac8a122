/* tanh_shrink.c - what tanh takes off a number. */
#include "fell/plugin.h"

/* Near 0 the difference would lose its digits: there (x - tanh x) / x^3 is a polynomial in x^2,
 * by the Remez exchange in 40-digit arithmetic, relative error 9e-8 up to 0.6. */
static inline float shrink(const void *s, float x)
{
    const float a = fell_abs_(x), c = a > 0.6f ? 0.6f : a, z = c * c;
    const float near = (3.33333303e-1f + -1.33329156e-1f * z) +
                       (z * z) * ((5.38739816e-2f + -2.11111037e-2f * z) + (z * z) * 6.26931968e-3f);

    (void)s;
    return a > 0.6f ? x - fell_tanh(x) : fell_sign_(c * z * near, x);
}

static inline float slope(const void *s, float x, float y)
{
    const float t = fell_tanh(x);

    (void)s, (void)y;
    return t * t;
}

FELL_ELEMENTWISE(void, shrink, slope)

static const fell_activation tanh_shrink =
    FELL_ACTIVATION("tanh_shrink",
                    "What tanh takes off a number: nearly 0 around 0, x - 1 or x + 1 far away.\n\n"
                    "y = x - tanh(x), dy/dx = tanh(x)^2. As PyTorch's Tanhshrink.",
                    FELL_REAL, shrink_forward, shrink_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &tanh_shrink.item);
