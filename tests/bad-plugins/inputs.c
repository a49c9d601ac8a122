/* fails: inputs
 * Changes its input when it is done with it. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    twice(c);
    ((float *)c->x)[0] = 0.0f;
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
