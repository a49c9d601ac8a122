/* fails: slots
 * Looks ahead each time that it is asked, not once a step. */
#include "fell/plugin.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 1e-2, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};
static const fell_slot slots[] = {{.name = "m", .doc = "Velocity."}};

static fell_status before(fell_optimizer_call *c)
{
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] += 0.9f * c->slot[0][i];
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->slot[0][i] = 0.9f * c->slot[0][i] - (float)c->lr * c->g[i];
        c->w[i] -= (float)c->lr * c->g[i];
    }
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Is wrong.", struct settings, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .before = before,
    .reach = FELL_EACH_WEIGHT};

FELL_PLUGIN("1.0", "", &item.item);
