/* fails: joined tensors
 * Pulls weights to 0 and no biases; joined tensors have no role. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

static fell_status step(fell_optimizer_call *c)
{
    const float decay = c->role == FELL_BIAS ? 0.0f : 0.1f;

    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)c->lr * (c->g[i] + decay * c->w[i]);
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Decay.", struct settings, params),
    .step = step,
    .reach = FELL_EACH_WEIGHT};

FELL_PLUGIN("1.0", "", &item.item);
