/* fails: learning rate
 * Its slow weights begin as zeros, not as the weights. */
#include "fell/plugin.h"

struct settings {
    double lr;
    int64_t every;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 1e-2, 0, INFINITY, FELL_MAX_OPEN, "Rate."),
    FELL_INT(struct settings, every, 5, 1, 1000, 0, "Steps.")};
static const fell_slot slots[] = {{.name = "slow", .doc = "Slow weights."}};

static fell_status step(fell_optimizer_call *c)
{
    const struct settings *s = c->settings;
    for (int64_t i = 0; i < c->n; i++) {
        c->w[i] -= (float)c->lr * c->g[i];
        if (c->t % s->every == 0) {
            c->slot[0][i] += 0.5f * (c->w[i] - c->slot[0][i]);
            c->w[i] = c->slot[0][i];
        }
    }
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Is wrong.", struct settings, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .reach = FELL_EACH_WEIGHT};

FELL_PLUGIN("1.0", "", &item.item);
