/* adam.c - adaptive moment estimation. */
#include "../power.h"
#include "fell/plugin.h"

struct adam {
    double lr, beta1, beta2, epsilon, weight_decay;
    bool amsgrad;
};

static const fell_param params[] = {
    FELL_FLOAT(struct adam, lr, 1e-3, 0, INFINITY, FELL_MAX_OPEN, "Learning rate, 0 or more."),
    FELL_FLOAT(struct adam, beta1, 0.9, 0, 1, FELL_MAX_OPEN,
               "Share of the running mean of gradients that each step keeps, in [0, 1)."),
    FELL_FLOAT(struct adam, beta2, 0.999, 0, 1, FELL_MAX_OPEN,
               "Share of the running mean of squared gradients that each step keeps, in [0, 1)."),
    FELL_FLOAT(struct adam, epsilon, 1e-8, 0, INFINITY, FELL_MAX_OPEN,
               "Added to the divisor against division by zero, 0 or more."),
    FELL_FLOAT(struct adam, weight_decay, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Factor of the weights that is added to their gradient (L2 penalty), 0 or more."),
    FELL_BOOL(struct adam, amsgrad, false,
              "Divide by the largest mean of squares so far instead of the latest, true or false."),
};

static const fell_slot slots[] = {
    {"m", "The running mean of the gradients.", NULL, 0},
    {"v", "The running mean of their squares.", NULL, 0},
    {"v_max", "The largest v so far.", "amsgrad", 0},
};

/* Once a call, in double: the two bias corrections of the paper's algorithm 1. */
FELL_KERNEL(step, fell_optimizer_call)
{
    const struct adam *s = c->settings;
    const float rate = (float)(c->lr / (1.0 - power_whole(s->beta1, c->t)));
    const float root = (float)sqrt(1.0 - power_whole(s->beta2, c->t));
    const float beta1 = (float)s->beta1, rest1 = (float)(1.0 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1.0 - s->beta2);
    const float epsilon = (float)s->epsilon, decay = (float)s->weight_decay;
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *m = c->slot[0], *v = c->slot[1], *top = c->slot[2];

    if (top) {
        FELL_EACH for (int64_t i = 0; i < n; i++)
        {
            const float d = g[i] + decay * w[i];

            m[i] = beta1 * m[i] + rest1 * d;
            v[i] = beta2 * v[i] + rest2 * d * d;
            top[i] = v[i] > top[i] ? v[i] : top[i];
            w[i] -= rate * m[i] / (sqrtf(top[i]) / root + epsilon);
        }
    } else {
        FELL_EACH for (int64_t i = 0; i < n; i++)
        {
            const float d = g[i] + decay * w[i];

            m[i] = beta1 * m[i] + rest1 * d;
            v[i] = beta2 * v[i] + rest2 * d * d;
            w[i] -= rate * m[i] / (sqrtf(v[i]) / root + epsilon);
        }
    }
    return FELL_OK;
}

static const fell_optimizer adam = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "adam",
        "Adam: every weight has its own step, from the running means of gradient and square.\n\n"
        "m = beta1 m + (1-beta1) g, v = beta2 v + (1-beta2) g^2,\n"
        "w -= lr m/(1-beta1^t) / (sqrt(v/(1-beta2^t)) + epsilon). D. Kingma and J. Ba, \"Adam: a\n"
        "method for stochastic optimization\", ICLR 2015; amsgrad: S. Reddi, S. Kale and S. Kumar,\n"
        "ICLR 2018. Settings and order of operations are PyTorch's.",
        struct adam, params),
    .slots = slots,
    .nslots = 3,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adam.item);
