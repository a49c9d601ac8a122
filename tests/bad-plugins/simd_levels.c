/* fails: SIMD levels
 * Divides where there is no AVX2, and multiplies where there is. */
#include "bad.h"

static fell_status forward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = c->ctx->simd == FELL_SIMD_PORTABLE ? c->x[i] / 3.0f : c->x[i] * (1.0f / 3.0f);
    return FELL_OK;
}

static fell_status backward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = c->dy[i] / 3.0f;
    return FELL_OK;
}

BAD_ACTIVATION(forward, backward);
