/* hard_swish.c - silu with the sigmoid in three straight pieces. */
#include "fell/plugin.h"

static inline float weigh(const void *s, float x)
{
    (void)s;
    return x <= -3.0f ? 0.0f : x >= 3.0f ? x : x * (x + 3.0f) / 6.0f;
}

/* At the kinks the slope is that of the outer pieces, 0 at -3 and 1 at 3. */
static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : x / 3.0f + 0.5f;
}

FELL_ELEMENTWISE(void, weigh, slope)

static const fell_activation hard_swish = FELL_ACTIVATION(
    "hard_swish",
    "Silu in pieces without an exponential: 0 up to -3, x from 3, a parabola between.\n\n"
    "y = x min(max(x + 3, 0), 6) / 6; dy/dx = x/3 + 1/2 between -3 and 3, 0 at -3 and 1 at 3. A.\n"
    "Howard et al., \"Searching for MobileNetV3\", ICCV 2019. As PyTorch 2's Hardswish.",
    FELL_REAL, weigh_forward, weigh_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &hard_swish.item);
