/* sgd.c - stochastic gradient descent, with momentum. */
#include "fell/plugin.h"
#include "optimizer.h"

struct sgd {
    double lr, momentum, dampening;
    bool nesterov;
    double weight_decay;
    bool maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct sgd, 1e-3),
    FELL_FLOAT(struct sgd, momentum, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Share of the last step's direction that is kept, 0 or more; usually 0.9. 0: none."),
    FELL_FLOAT(struct sgd, dampening, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Share of the gradient that is left out of the momentum, any number; usually 0."),
    FELL_BOOL(struct sgd, nesterov, false, "Look ahead along the momentum, true or false."),
    OPTIMIZER_L2(struct sgd),
    OPTIMIZER_MAXIMIZE(struct sgd),
};

static const fell_slot slots[] = {
    {"momentum", "The running direction.", "momentum", 0, NULL},
};

/* g += weight_decay w, w -= lr g */
FELL_KERNEL(step_plain, fell_optimizer_call)
{
    const struct sgd *s = c->settings;
    const float lr = (float)c->lr, decay = (float)s->weight_decay, sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w;

    FELL_EACH for (int64_t i = 0; i < n; i++) w[i] -= lr * (sign * g[i] + decay * w[i]);
    return FELL_OK;
}

/* g += weight_decay w, b = momentum b + (1 - dampening) g (in the first step b = g),
 * w -= lr b, or with nesterov w -= lr (g + momentum b). */
FELL_KERNEL(step_momentum, fell_optimizer_call)
{
    const struct sgd *s = c->settings;
    const bool first = c->t == 1;
    const float lr = (float)c->lr, decay = (float)s->weight_decay, sign = optimizer_sign(s->maximize);
    const float keep = first ? 0.0f : (float)s->momentum, take = first ? 1.0f : (float)(1.0 - s->dampening);
    const float ahead = (float)s->momentum;
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *b = c->slot[0];

    if (s->nesterov) {
        FELL_EACH for (int64_t i = 0; i < n; i++)
        {
            const float d = sign * g[i] + decay * w[i];

            b[i] = keep * b[i] + take * d;
            w[i] -= lr * (d + ahead * b[i]);
        }
    } else {
        FELL_EACH for (int64_t i = 0; i < n; i++)
        {
            b[i] = keep * b[i] + take * (sign * g[i] + decay * w[i]);
            w[i] -= lr * b[i];
        }
    }
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    const struct sgd *s = c->settings;

    if (s->nesterov && (s->momentum <= 0 || s->dampening != 0))
        return fell_fail(c->ctx, "nesterov: needs a momentum above 0 and a dampening of 0");
    return s->momentum > 0 ? step_momentum(c) : step_plain(c);
}

static const fell_optimizer sgd = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "sgd",
        "Stochastic gradient descent: a step against the gradient, with momentum if wanted.\n\n"
        "w -= lr g; with momentum b = momentum b + (1 - dampening) g, w -= lr b. Settings and order\n"
        "of operations are PyTorch's. I. Sutskever et al., \"On the importance of initialization and\n"
        "momentum in deep learning\", ICML 2013, section 2, on Nesterov's variant.",
        struct sgd, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sgd.item);
