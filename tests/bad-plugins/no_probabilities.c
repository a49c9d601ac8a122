/* fails: range
 * Says that it yields probabilities, and gives values from -1 to 1. */
#include "bad.h"

static inline float value(const void *s, float x)
{
    (void)s;
    return fell_tanh(x);
}

static inline float slope(const void *s, float x, float y)
{
    (void)s;
    (void)x;
    return (1.0f - y) * (1.0f + y);
}

FELL_ELEMENTWISE(void, value, slope)

static const fell_activation item = FELL_ACTIVATION("bad", "Tanh.", FELL_PROB, value_forward, value_backward);

FELL_PLUGIN("1.0", "", &item.item);
