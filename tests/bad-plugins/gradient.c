/* fails: gradient
 * swish, x sigmoid(x), whose derivative lacks a term. */
#include "bad.h"

static inline float swish(const void *s, float x)
{
    (void)s;
    return x * fell_sigmoid(x);
}

static inline float derivative(const void *s, float x, float y)
{
    (void)s;
    (void)y;
    return fell_sigmoid(x);
}

FELL_ELEMENTWISE(void, swish, derivative)

BAD_ACTIVATION(swish_forward, swish_backward);
