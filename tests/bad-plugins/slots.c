/* fails: slots
 * Counts its steps where all instances of a thread do. */
#include "bad.h"

#include <errno.h>

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.1, 0, INFINITY, 0, "Learning rate, from 0 up.")};

static fell_status step(fell_optimizer_call *c)
{
    errno = c->t == 1 ? 0 : errno + 1;
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)(c->lr / (1.0 + 0.1 * (double)errno)) * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Steps downhill.", struct settings, params),
    .step = step,
    .reach = FELL_TENSOR};

FELL_PLUGIN("1.0", "", &item.item);
