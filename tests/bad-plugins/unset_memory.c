/* fails: unset memory
 * Lets what happens to be in its scratch memory decide. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    const float *before = fell_scratch(c->ctx, 1, sizeof *before);

    if (!before)
        return FELL_ERROR;
    twice(c);
    c->y[0] += *before == 0.5f ? 1.0f : 0.0f;
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
