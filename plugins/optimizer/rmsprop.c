/* rmsprop.c - gradients divided by their running root mean square. */
#include "fell/plugin.h"
#include "optimizer.h"

struct rmsprop {
    double lr, alpha, epsilon, weight_decay, momentum;
    bool centered, maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct rmsprop, 1e-2),
    FELL_FLOAT(struct rmsprop, alpha, 0.99, 0, 1, 0,
               "Share of the running mean of squares that each step keeps, in [0, 1]."),
    OPTIMIZER_EPSILON(struct rmsprop, 1e-8),
    OPTIMIZER_L2(struct rmsprop),
    FELL_FLOAT(struct rmsprop, momentum, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Share of the last step's direction that is kept, 0 or more. 0: none."),
    FELL_BOOL(struct rmsprop, centered, false,
              "Divide by the running deviation instead of the root mean square, true or false."),
    OPTIMIZER_MAXIMIZE(struct rmsprop),
};

static const fell_slot slots[] = {
    {"square", "The running mean of the squared gradients.", NULL, 0, NULL},
    {"mean", "The running mean of the gradients.", "centered", 0, NULL},
    {"momentum", "The running direction.", "momentum", 0, NULL},
};

/* MEAN and MOVE may be NULL: constants to the compiler. */
FELL_INLINE void loop(fell_optimizer_call *c, float *mean, float *move)
{
    const struct rmsprop *s = c->settings;
    const float lr = (float)c->lr, alpha = (float)s->alpha, rest = (float)(1.0 - s->alpha);
    const float epsilon = (float)s->epsilon, decay = (float)s->weight_decay, momentum = (float)s->momentum;
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *square = c->slot[0];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = sign * g[i] + decay * w[i];
        float v = alpha * square[i] + rest * d * d, to;

        square[i] = v;
        if (mean) {
            mean[i] = alpha * mean[i] + rest * d;
            v -= mean[i] * mean[i];
            v = v < 0.0f ? 0.0f : v; /* by rounding, where the gradient hardly changes */
        }
        to = d / (sqrtf(v) + epsilon);
        if (move)
            to = move[i] = momentum * move[i] + to;
        w[i] -= lr * to;
    }
}

FELL_KERNEL(step, fell_optimizer_call)
{
    if (c->slot[1] && c->slot[2])
        loop(c, c->slot[1], c->slot[2]);
    else if (c->slot[1])
        loop(c, c->slot[1], NULL);
    else if (c->slot[2])
        loop(c, NULL, c->slot[2]);
    else
        loop(c, NULL, NULL);
    return FELL_OK;
}

static const fell_optimizer rmsprop = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "rmsprop",
        "RMSprop: gradients are divided by their running root mean square.\n\n"
        "g += weight_decay w, v = alpha v + (1-alpha) g^2, w -= lr g / (sqrt(v) + epsilon);\n"
        "centered: v - m^2 for v, with m = alpha m + (1-alpha) g; with momentum\n"
        "b = momentum b + g / (sqrt(v) + epsilon), w -= lr b. T. Tieleman and G. Hinton, Coursera\n"
        "\"Neural networks for machine learning\", lecture 6.5, 2012; centered: A. Graves, \"Generating\n"
        "sequences with recurrent neural networks\", 2013, equations 38 to 41. Settings are PyTorch's.",
        struct rmsprop, params),
    .slots = slots,
    .nslots = 3,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &rmsprop.item);
