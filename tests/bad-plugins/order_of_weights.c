/* fails: order of weights
 * Momentum in blocks of 8; what is left has none. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

static const fell_slot slots[] = {{.name = "m", .doc = "Momentum."}};

static fell_status step(fell_optimizer_call *c)
{
    const int64_t blocks = c->n / 8 * 8;

    for (int64_t i = 0; i < blocks; i++) {
        c->slot[0][i] = 0.5f * c->slot[0][i] + c->g[i];
        c->w[i] -= (float)c->lr * c->slot[0][i];
    }
    for (int64_t i = blocks; i < c->n; i++)
        c->w[i] -= (float)c->lr * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Momentum.", struct settings, params),
    .slots = slots,
    .nslots = 1,
    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
