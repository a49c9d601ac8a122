/* nadam.c - adam with Nesterov's look ahead. */
#include "fell/plugin.h"
#include "optimizer.h"

struct nadam {
    double lr, beta1, beta2, epsilon, weight_decay, momentum_decay;
    bool decoupled, maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct nadam, 2e-3),
    OPTIMIZER_BETA1(struct nadam),
    OPTIMIZER_BETA2(struct nadam),
    OPTIMIZER_EPSILON(struct nadam, 1e-8),
    OPTIMIZER_L2(struct nadam),
    FELL_FLOAT(struct nadam, momentum_decay, 4e-3, 0, INFINITY, FELL_MAX_OPEN,
               "How fast the momentum warms up from beta1 / 2 to beta1, per step, 0 or more."),
    OPTIMIZER_DECOUPLED(struct nadam),
    OPTIMIZER_MAXIMIZE(struct nadam),
};

static const fell_slot slots[] = {
    {"m", "The running mean of the gradients.", NULL, 0, NULL},
    {"v", "The running mean of their squares.", NULL, 0, NULL},
    {"warm", "1 less the product of the momentums of all steps.", NULL, 1, NULL},
};

/* mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2) */
static inline double momentum_of(const struct nadam *s, int64_t t)
{
    return s->beta1 * (1.0 - 0.5 * power_real(0.96, (double)t * s->momentum_decay));
}

/* The product of all momentums, P, is kept as q = 1 - P, by which is divided: a float holds
 * that well even while P is nearly 1. q_t = 1 - mu_t (1 - q_(t-1)), and the mean's divisor
 * 1 - P_t mu_(t+1) is that of one step more. DECOUPLED is a constant to the compiler. */
FELL_INLINE fell_status nadam_step(fell_optimizer_call *c, bool decoupled)
{
    const struct nadam *s = c->settings;
    const double root = sqrt(1.0 - power_whole(s->beta2, c->t));
    const double mu = momentum_of(s, c->t), next = momentum_of(s, c->t + 1);
    const double q = (1.0 - mu) + mu * (double)c->slot[2][0];
    const float ahead = (float)(c->lr * root * (1.0 - mu) / q),
                rate = (float)(c->lr * root * next / ((1.0 - next) + next * q));
    const float beta1 = (float)s->beta1, rest1 = (float)(1.0 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1.0 - s->beta2);
    const float epsilon = (float)(s->epsilon * root);
    const float decay = (float)s->weight_decay, shrink = (float)(c->lr * s->weight_decay);
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *m = c->slot[0], *v = c->slot[1];

    c->slot[2][0] = (float)q;
    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = decoupled ? sign * g[i] : sign * g[i] + decay * w[i];

        if (decoupled)
            w[i] -= shrink * w[i];
        m[i] = beta1 * m[i] + rest1 * d;
        v[i] = beta2 * v[i] + rest2 * d * d;
        w[i] -= (ahead * d + rate * m[i]) / (sqrtf(v[i]) + epsilon);
    }
    return FELL_OK;
}

FELL_KERNEL(step, fell_optimizer_call)
{
    return ((const struct nadam *)c->settings)->decoupled ? nadam_step(c, true) : nadam_step(c, false);
}

static const fell_optimizer nadam = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "nadam",
        "NAdam: adam that looks ahead along its momentum, which warms up.\n\n"
        "g += weight_decay w, mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), P_t = P_(t-1) mu_t,\n"
        "m = beta1 m + (1-beta1) g, v = beta2 v + (1-beta2) g^2,\n"
        "w -= lr ((1-mu_t)/(1-P_t) g + mu_(t+1)/(1-P_t mu_(t+1)) m) / (sqrt(v/(1-beta2^t)) + epsilon).\n"
        "decoupled: w -= lr weight_decay w instead of the first. T. Dozat, \"Incorporating Nesterov\n"
        "momentum into Adam\", ICLR workshop 2016. As PyTorch's NAdam.",
        struct nadam, params),
    .slots = slots,
    .nslots = 3,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &nadam.item);
