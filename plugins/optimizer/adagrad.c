/* adagrad.c - steps that shrink with the sum of all squared gradients. */
#include "fell/plugin.h"
#include "optimizer.h"

struct adagrad {
    double lr, lr_decay, weight_decay, initial_accumulator, epsilon;
    bool maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct adagrad, 1e-2),
    FELL_FLOAT(struct adagrad, lr_decay, 0, 0, INFINITY, FELL_MAX_OPEN,
               "The rate of step t is lr / (1 + (t-1) lr_decay), 0 or more."),
    OPTIMIZER_L2(struct adagrad),
    FELL_FLOAT(struct adagrad, initial_accumulator, 0, 0, INFINITY, FELL_MAX_OPEN,
               "What every sum of squares begins with, 0 or more."),
    OPTIMIZER_EPSILON(struct adagrad, 1e-10),
    OPTIMIZER_MAXIMIZE(struct adagrad),
};

static const fell_slot slots[] = {{"sum", "The sum of the squared gradients.", NULL, 0, NULL}};

FELL_KERNEL(step, fell_optimizer_call)
{
    const struct adagrad *s = c->settings;
    const float rate = (float)(c->lr / (1.0 + (double)(c->t - 1) * s->lr_decay));
    const float epsilon = (float)s->epsilon, begin = (float)s->initial_accumulator;
    const float decay = (float)s->weight_decay, sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *sum = c->slot[0];

    if (c->t == 1)
        for (int64_t i = 0; i < n; i++)
            sum[i] = begin;
    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = sign * g[i] + decay * w[i];

        sum[i] += d * d;
        w[i] -= rate * d / (sqrtf(sum[i]) + epsilon);
    }
    return FELL_OK;
}

static const fell_optimizer adagrad = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "adagrad",
        "Adagrad: every weight's step shrinks with the sum of all its squared gradients.\n\n"
        "g += weight_decay w, s += g^2, w -= lr / (1 + (t-1) lr_decay) g / (sqrt(s) + epsilon).\n"
        "J. Duchi, E. Hazan and Y. Singer, \"Adaptive subgradient methods for online learning and\n"
        "stochastic optimization\", JMLR 12, 2011. Settings are PyTorch's (initial_accumulator is its\n"
        "initial_accumulator_value).",
        struct adagrad, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adagrad.item);
