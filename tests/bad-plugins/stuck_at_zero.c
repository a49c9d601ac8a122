/* fails: descent
 * A step is a share of the weights, of which a tensor of zeros has none. */
#include "fell/plugin.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 1e-2, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

static fell_status step(fell_optimizer_call *c)
{
    double q = 0, w = 0;
    for (int64_t i = 0; i < c->n; i++) {
        q += (double)c->g[i] * c->g[i];
        w += (double)c->w[i] * c->w[i];
    }
    if (q > 0)
        for (int64_t i = 0; i < c->n; i++)
            c->w[i] -= (float)(c->lr * sqrt(w / q)) * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Is wrong.", struct settings, params),
    .step = step,
    .reach = FELL_TENSOR};

FELL_PLUGIN("1.0", "", &item.item);
