/* adadelta.c - steps in the weights' own units, without a rate to tune. */
#include "fell/plugin.h"
#include "optimizer.h"

struct adadelta {
    double lr, rho, epsilon, weight_decay;
    bool maximize;
};

static const fell_param params[] = {
    FELL_FLOAT(struct adadelta, lr, 1, 0, INFINITY, FELL_MAX_OPEN,
               "Factor of the step, 0 or more; the paper has 1."),
    FELL_FLOAT(struct adadelta, rho, 0.9, 0, 1, 0,
               "Share of both running means of squares that each step keeps, in [0, 1]."),
    OPTIMIZER_EPSILON(struct adadelta, 1e-6),
    OPTIMIZER_L2(struct adadelta),
    OPTIMIZER_MAXIMIZE(struct adadelta),
};

static const fell_slot slots[] = {
    {"square", "The running mean of the squared gradients.", NULL, 0, NULL},
    {"move", "The running mean of the squared steps, before the rate.", NULL, 0, NULL},
};

FELL_KERNEL(step, fell_optimizer_call)
{
    const struct adadelta *s = c->settings;
    const float lr = (float)c->lr, rho = (float)s->rho, rest = (float)(1.0 - s->rho);
    const float epsilon = (float)s->epsilon, decay = (float)s->weight_decay;
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *square = c->slot[0], *move = c->slot[1];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = sign * g[i] + decay * w[i], v = rho * square[i] + rest * d * d;
        const float delta = sqrtf((move[i] + epsilon) / (v + epsilon)) * d;

        square[i] = v;
        move[i] = rho * move[i] + rest * delta * delta;
        w[i] -= lr * delta;
    }
    return FELL_OK;
}

static const fell_optimizer adadelta = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "adadelta",
        "Adadelta: the step is the gradient times the ratio of recent steps to recent gradients.\n\n"
        "g += weight_decay w, v = rho v + (1-rho) g^2, d = sqrt((u + epsilon) / (v + epsilon)) g,\n"
        "u = rho u + (1-rho) d^2, w -= lr d. M. Zeiler, \"ADADELTA: an adaptive learning rate\n"
        "method\", 2012, algorithm 1. Settings are PyTorch's.",
        struct adadelta, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adadelta.item);
