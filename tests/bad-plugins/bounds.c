/* fails: bounds
 * Writes one element too many. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    c->y[c->rows * c->cols] = 1.0f;
    return twice(c);
}

BAD_ACTIVATION(forward, twice_back);
