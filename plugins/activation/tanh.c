/* tanh.c - the hyperbolic tangent. */
#include "fell/plugin.h"

static inline float hyperbolic(const void *s, float x)
{
    (void)s;
    return fell_tanh(x);
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)x;
    return 1.0f - y * y;
}

FELL_ELEMENTWISE(void, hyperbolic, slope)

static const fell_activation tanh_ =
    FELL_BOUNDED("tanh",
                 "Hyperbolic tangent: squeezes every number into (-1, 1), symmetric around zero.\n\n"
                 "y = tanh(x), dy/dx = 1 - y^2. Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, \"Efficient\n"
                 "BackProp\", 1998, section 4.4, on why symmetry helps.",
                 FELL_REAL, hyperbolic_forward, hyperbolic_backward, -1, 1);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &tanh_.item);
