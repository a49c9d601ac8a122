/* fails: globals
 * Counts its calls, to no end. */
#include "bad.h"

static int64_t calls;

static fell_status forward(fell_activation_call *c)
{
    calls++;
    return twice(c);
}

BAD_ACTIVATION(forward, twice_back);
