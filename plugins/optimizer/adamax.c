/* adamax.c - adam with the largest gradient in place of the mean square. */
#include "fell/plugin.h"
#include "optimizer.h"

struct adamax {
    double lr, beta1, beta2, epsilon, weight_decay;
    bool maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct adamax, 2e-3),
    OPTIMIZER_BETA1(struct adamax),
    FELL_FLOAT(struct adamax, beta2, 0.999, 0, 1, FELL_MAX_OPEN,
               "Factor by which each step lets the largest gradient fade, in [0, 1)."),
    OPTIMIZER_EPSILON(struct adamax, 1e-8),
    OPTIMIZER_L2(struct adamax),
    OPTIMIZER_MAXIMIZE(struct adamax),
};

static const fell_slot slots[] = {
    {"m", "The running mean of the gradients.", NULL, 0, NULL},
    {"u", "The largest gradient, fading.", NULL, 0, NULL},
};

FELL_KERNEL(step, fell_optimizer_call)
{
    const struct adamax *s = c->settings;
    const float rate = (float)(c->lr / (1.0 - power_whole(s->beta1, c->t)));
    const float beta1 = (float)s->beta1, rest1 = (float)(1.0 - s->beta1), beta2 = (float)s->beta2;
    const float epsilon = (float)s->epsilon, decay = (float)s->weight_decay;
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *m = c->slot[0], *u = c->slot[1];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = sign * g[i] + decay * w[i], old = beta2 * u[i], now = fabsf(d) + epsilon;

        m[i] = beta1 * m[i] + rest1 * d;
        u[i] = old > now ? old : now;
        w[i] -= rate * m[i] / u[i];
    }
    return FELL_OK;
}

static const fell_optimizer adamax = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "adamax",
                      "AdaMax: adam that divides by the largest recent gradient.\n\n"
                      "g += weight_decay w, m = beta1 m + (1-beta1) g, u = max(beta2 u, |g| + epsilon),\n"
                      "w -= lr/(1-beta1^t) m/u. D. Kingma and J. Ba, \"Adam: a method for stochastic\n"
                      "optimization\", ICLR 2015, algorithm 2. Settings are PyTorch's.",
                      struct adamax, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adamax.item);
