/* fails: instances
 * Remembers a number from forward to backward where all instances of a thread do. */
#include "bad.h"

#include <errno.h>

static int mark(const fell_activation_call *c)
{
    return 1000 + (int)(100.0f * c->x[0]);
}

static fell_status forward(fell_activation_call *c)
{
    twice(c);
    errno = mark(c);
    return FELL_OK;
}

static fell_status backward(fell_activation_call *c)
{
    const bool mine = errno == mark(c);

    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = mine ? 2.0f * c->dy[i] : 0.0f;
    return FELL_OK;
}

BAD_ACTIVATION(forward, backward);
