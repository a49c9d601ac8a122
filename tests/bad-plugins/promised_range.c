/* fails: range
 * Says that it lies between -1 and 1, and goes to 1.7. */
#include "bad.h"

static inline float value(const void *s, float x)
{
    (void)s;
    return 1.7f * fell_tanh(x);
}

static inline float slope(const void *s, float x, float y)
{
    (void)s;
    (void)x;
    return (1.7f - y) * (1.7f + y) / 1.7f;
}

FELL_ELEMENTWISE(void, value, slope)

static const fell_activation item =
    FELL_BOUNDED("bad", "A wider tanh.", FELL_REAL, value_forward, value_backward, -1.0, 1.0);

FELL_PLUGIN("1.0", "", &item.item);
