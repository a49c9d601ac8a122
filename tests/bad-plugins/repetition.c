/* fails: repetition
 * Draws from the C library's random numbers. */
#include "bad.h"

#include <stdlib.h>

static fell_status forward(fell_activation_call *c)
{
    twice(c);
    c->y[0] += 1e-3f * (float)(rand() % 1000);
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
