/* lion.c - the sign of a momentum. */
#include "fell/plugin.h"
#include "optimizer.h"

struct lion {
    double lr, beta1, beta2, weight_decay;
    bool maximize;
};

static const fell_param params[] = {
    FELL_FLOAT(struct lion, lr, 1e-4, 0, INFINITY, FELL_MAX_OPEN,
               "Learning rate, 0 or more; usually 3 to 10 times smaller than adamw's."),
    FELL_FLOAT(struct lion, beta1, 0.9, 0, 1, FELL_MAX_OPEN,
               "Share of the momentum in the step's direction, in [0, 1)."),
    FELL_FLOAT(struct lion, beta2, 0.99, 0, 1, FELL_MAX_OPEN,
               "Share of the momentum that each step keeps, in [0, 1)."),
    OPTIMIZER_DECAY(struct lion, 0),
    OPTIMIZER_MAXIMIZE(struct lion),
};

static const fell_slot slots[] = {{"m", "The running mean of the gradients.", NULL, 0, NULL}};

FELL_KERNEL(step, fell_optimizer_call)
{
    const struct lion *s = c->settings;
    const float lr = (float)c->lr, decay = (float)s->weight_decay;
    const float beta1 = (float)s->beta1, rest1 = (float)(1.0 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1.0 - s->beta2);
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *m = c->slot[0];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = sign * g[i], to = beta1 * m[i] + rest1 * d;

        m[i] = beta2 * m[i] + rest2 * d;
        w[i] -= lr * (optimizer_sign_of(to) + decay * w[i]);
    }
    return FELL_OK;
}

static const fell_optimizer lion = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "lion",
                      "Lion: every weight moves by the same amount, along the sign of a momentum.\n\n"
                      "w -= lr (sign(beta1 m + (1-beta1) g) + weight_decay w), m = beta2 m + (1-beta2) g.\n"
                      "X. Chen et al., \"Symbolic discovery of optimization algorithms\", 2023, algorithm 2.",
                      struct lion, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &lion.item);
