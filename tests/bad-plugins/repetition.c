/* fails: repetition
 * Counts its calls, in a place that the C library keeps. */
#include "bad.h"

#include <errno.h>

static fell_status forward(fell_activation_call *c)
{
    twice(c);
    errno = errno + 1;
    c->y[0] += 1e-3f * (float)(errno % 1000);
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
