/* fails: joined tensors
 * Divides by the size of what it is given, but says that it sees each weight alone. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.1, 0, INFINITY, 0, "Learning rate, from 0 up.")};

static fell_status step(fell_optimizer_call *c)
{
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)(c->lr / (double)(c->n ? c->n : 1)) * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Steps downhill.", struct settings, params),
    .step = step,
    .reach = FELL_EACH_WEIGHT};

FELL_PLUGIN("1.0", "", &item.item);
