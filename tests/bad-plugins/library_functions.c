/* fails: warning: library functions
 * The last bit of expf() is another on another machine. */
#include "bad.h"

static inline float value(const void *s, float x)
{
    (void)s;
    return x > 0.0f ? x : expf(x) - 1.0f;
}

static inline float slope(const void *s, float x, float y)
{
    (void)s;
    return x > 0.0f ? 1.0f : y + 1.0f;
}

FELL_ELEMENTWISE(void, value, slope)

static const fell_activation item = FELL_ACTIVATION("bad", "Elu.", FELL_REAL, value_forward, value_backward);

FELL_PLUGIN("1.0", "", &item.item);
