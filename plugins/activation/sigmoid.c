/* sigmoid.c - the logistic function. */
#include "fell/plugin.h"

static inline float logistic(const void *s, float x)
{
    (void)s;
    return fell_sigmoid(x);
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)x;
    return y * (1.0f - y);
}

FELL_ELEMENTWISE(void, logistic, slope)

static const fell_activation sigmoid = FELL_BOUNDED(
    "sigmoid",
    "Logistic function: squeezes every number into (0, 1), to be read as a probability.\n\n"
    "y = 1 / (1 + exp(-x)), dy/dx = y (1 - y). For two classes bce_with_logits on the raw output\n"
    "is the more exact choice.",
    FELL_PROB, logistic_forward, logistic_backward, 0, 1);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sigmoid.item);
