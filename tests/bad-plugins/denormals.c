/* fails: warning: denormals
 * Is slow where its inputs are denormal. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    volatile float sum = 0.0f;

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        for (int k = 0; fabsf(c->x[i]) < 1e-38f && k < 2000; k++)
            sum = sum + 1.0f;
    return twice(c);
}

BAD_ACTIVATION(forward, twice_back);
