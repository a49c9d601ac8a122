/* A rule that sees the shape: matrices take steps divided by the size of their rows, all else plain ones. */
#include "fell/plugin.h"

struct settings {
    double lr, weight_decay;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Learning rate."),
    FELL_FLOAT(struct settings, weight_decay, 0, 0, 1, 0, "Decay of weights, not of biases."),
};

static fell_status step(fell_optimizer_call *c)
{
    const struct settings *s = c->settings;
    const int64_t rows = c->shape && c->shape->rank > 1 ? c->shape->dim[0] : 0, n = rows ? c->n / rows : 0;

    for (int64_t r = 0; r < rows; r++) {
        double square = 0.0;

        for (int64_t j = 0; j < n; j++)
            square += (double)c->g[r * n + j] * (double)c->g[r * n + j];
        for (int64_t j = 0; j < n; j++)
            c->w[r * n + j] -= (float)(c->lr * ((double)c->g[r * n + j] / (1e-8 + sqrt(square)) +
                                                s->weight_decay * (double)c->w[r * n + j]));
    }
    for (int64_t i = 0; i < c->n && !rows; i++)
        c->w[i] -= (float)c->lr * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {.item =
                                        FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "good",
                                                  "Steps of one size for each row.", struct settings, params),
                                    .step = step,
                                    .reach = FELL_TENSOR};

FELL_PLUGIN("1.0", "", &item.item);
