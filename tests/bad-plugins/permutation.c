/* fails: permutation
 * Treats every other element differently. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = (i % 2 ? 2.0f : 3.0f) * c->x[i];
    return FELL_OK;
}

static fell_status backward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = (i % 2 ? 2.0f : 3.0f) * c->dy[i];
    return FELL_OK;
}

BAD_ACTIVATION(forward, backward);
