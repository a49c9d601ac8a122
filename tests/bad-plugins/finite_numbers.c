/* fails: finite numbers
 * Overflows beyond 8. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = fabsf(c->x[i]) > 8.0f ? INFINITY : 2.0f * c->x[i];
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
