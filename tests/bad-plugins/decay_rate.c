/* fails: learning rate
 * Decays weights with the rate of the settings, and steps with that of the call. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

static fell_status step(fell_optimizer_call *c)
{
    const struct settings *s = c->settings;

    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = (1.0f - 0.01f * (float)s->lr) * c->w[i] - (float)c->lr * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad",
                                                      "Gradient descent.", struct settings, params),
                                    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
