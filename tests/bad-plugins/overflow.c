/* fails: finite numbers
 * Takes the logarithm of exp(x), which is too large long before its logarithm is. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = fell_log(1.0f + fell_exp(c->x[i]));
    return FELL_OK;
}

static fell_status backward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = c->dy[i] * fell_sigmoid(c->x[i]);
    return FELL_OK;
}

BAD_ACTIVATION(forward, backward);
