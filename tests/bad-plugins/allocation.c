/* fails: allocation
 * Takes memory from the C library in every step. */
#include "bad.h"

#include <stdlib.h>

static fell_status forward(fell_activation_call *c)
{
    float *volatile copy = malloc(sizeof *copy);

    if (!copy)
        return fell_fail(c->ctx, "no memory");
    *copy = c->x[0];
    twice(c);
    c->y[0] = 2.0f * *copy;
    free(copy);
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
