/* fails: gradient
 * Forgets that its output stops at 6: few numbers are as large. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = c->x[i] < 6.0f ? 2.0f * c->x[i] : 12.0f;
    return FELL_OK;
}

BAD_ACTIVATION(forward, twice_back);
