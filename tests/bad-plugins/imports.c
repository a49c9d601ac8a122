/* fails: imports
 * Would read the clock, where a batch is larger than any that is tried. */
#include "bad.h"

#include <time.h>

static fell_status forward(fell_activation_call *c)
{
    twice(c);
    if (c->rows > 1000000000)
        c->y[0] += (float)time(NULL);
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
