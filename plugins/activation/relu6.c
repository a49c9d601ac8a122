/* relu6.c - the rectified linear unit that stops at 6. */
#include "fell/plugin.h"

static inline float clip(const void *s, float x)
{
    (void)s;
    return x <= 0.0f ? 0.0f : x >= 6.0f ? 6.0f : x;
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return x <= 0.0f || x >= 6.0f ? 0.0f : 1.0f;
}

FELL_ELEMENTWISE(void, clip, slope)

static const fell_activation relu6 = FELL_BOUNDED(
    "relu6",
    "Rectified linear unit that stops at 6: negative inputs become zero, large ones 6.\n\n"
    "y = min(max(x, 0), 6), with slope 0 at 0 and at 6. A. Krizhevsky, \"Convolutional deep belief\n"
    "networks on CIFAR-10\", 2010. As PyTorch's ReLU6.",
    FELL_REAL, clip_forward, clip_backward, 0, 6);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &relu6.item);
