/* fails: finite numbers
 * Divides by the norm of the weights, which is 0 of biases before the first step. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {FELL_FLOAT(struct settings, lr, 0.1, 0, INFINITY, 0, "Learning rate.")};

static fell_status step(fell_optimizer_call *c)
{
    double w = 0.0, g = 0.0;
    float scale;

    for (int64_t i = 0; i < c->n; i++) {
        w += (double)c->w[i] * (double)c->w[i];
        g += (double)c->g[i] * (double)c->g[i];
    }
    scale = g > 0.0 ? (float)(w / sqrt(w * g)) : 0.0f;
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)c->lr * scale * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {.item =
                                        FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad",
                                                  "Steps as long as the weights.", struct settings, params),
                                    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
