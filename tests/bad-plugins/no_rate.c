/* fails: learning rate
 * Keeps the step in units of the rate, and divides by it. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

static const fell_slot slots[] = {{.name = "step", .doc = "The last one."}};

static fell_status step(fell_optimizer_call *c)
{
    const float lr = (float)c->lr;

    for (int64_t i = 0; i < c->n; i++) {
        c->slot[0][i] = 0.5f * c->slot[0][i] - lr * c->g[i];
        c->w[i] += lr * (c->slot[0][i] / lr);
    }
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Momentum.", struct settings, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .reach = FELL_EACH_WEIGHT};

FELL_PLUGIN("1.0", "", &item.item);
