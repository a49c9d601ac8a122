/* silu.c - the sigmoid linear unit, also called swish. */
#include "fell/plugin.h"

static inline float weigh(const void *s, float x)
{
    (void)s;
    return x * fell_sigmoid(x);
}

static inline float slope(const void *s, float x, float y)
{
    const float p = fell_sigmoid(x);

    (void)s, (void)y;
    return p * (1.0f + x * (1.0f - p));
}

FELL_ELEMENTWISE(void, weigh, slope)

static const fell_activation silu = FELL_ACTIVATION(
    "silu",
    "Sigmoid linear unit (swish): each input times its own sigmoid.\n\n"
    "y = x s with s = sigmoid(x), dy/dx = s (1 + x (1 - s)). S. Elfwing, E. Uchibe and K. Doya,\n"
    "\"Sigmoid-weighted linear units for neural network function approximation in reinforcement\n"
    "learning\", 2017. As PyTorch's SiLU.",
    FELL_REAL, weigh_forward, weigh_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &silu.item);
