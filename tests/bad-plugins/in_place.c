/* fails: in place
 * Sets dx before it reads dy. */
#include "bad.h"

static fell_status backward(fell_activation_call *c)
{
    for (int64_t i = 0; i < c->rows * c->cols; i++) {
        c->dx[i] = 0.0f;
        c->dx[i] += 2.0f * c->dy[i];
    }
    return FELL_OK;
}

BAD_ACTIVATION(twice, backward);
