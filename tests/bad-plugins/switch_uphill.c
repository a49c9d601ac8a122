/* fails: descent
 * With one of its switches it steps uphill. */
#include "bad.h"

struct settings {
    double lr;
    bool nesterov;
};

static const fell_param params[] = {FELL_FLOAT(struct settings, lr, 0.1, 0, INFINITY, 0, "Learning rate."),
                                    FELL_BOOL(struct settings, nesterov, false, "Whether to look ahead.")};

static const fell_slot slots[] = {{.name = "m", .doc = "Momentum."}};

static fell_status step(fell_optimizer_call *c)
{
    const struct settings *s = c->settings;
    const float lr = (float)c->lr;

    for (int64_t i = 0; i < c->n; i++) {
        c->slot[0][i] = 0.9f * c->slot[0][i] + c->g[i];
        c->w[i] -= s->nesterov ? -lr * (c->g[i] + 0.9f * c->slot[0][i]) : lr * c->slot[0][i];
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
