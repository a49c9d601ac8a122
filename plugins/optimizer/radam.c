/* radam.c - adam that waits until its mean of squares can be trusted. */
#include "fell/plugin.h"
#include "optimizer.h"

struct radam {
    double lr, beta1, beta2, epsilon, weight_decay;
    bool decoupled, maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct radam, 1e-3),      OPTIMIZER_BETA1(struct radam), OPTIMIZER_BETA2(struct radam),
    OPTIMIZER_EPSILON(struct radam, 1e-8), OPTIMIZER_L2(struct radam),    OPTIMIZER_DECOUPLED(struct radam),
    OPTIMIZER_MAXIMIZE(struct radam),
};

static const fell_slot slots[] = {
    {"m", "The running mean of the gradients.", NULL, 0, NULL},
    {"v", "The running mean of their squares.", NULL, 0, NULL},
};

/* The rectification of step T, or 0 while the mean of squares is of too few gradients:
 * sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)) where rho_t > 5. */
static inline double rectification(double beta2, int64_t t)
{
    const double left = power_whole(beta2, t), most = 2.0 / (1.0 - beta2) - 1.0;
    const double rho = most - 2.0 * (double)t * left / (1.0 - left);

    if (rho <= 5.0)
        return 0.0;
    return sqrt((rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho));
}

/* DECOUPLED is a constant to the compiler. */
FELL_INLINE fell_status radam_step(fell_optimizer_call *c, bool decoupled)
{
    const struct radam *s = c->settings;
    const double lr = c->lr / (1.0 - power_whole(s->beta1, c->t)), rectified = rectification(s->beta2, c->t);
    const float rate = (float)(lr * rectified * sqrt(1.0 - power_whole(s->beta2, c->t))), plain = (float)lr;
    const float beta1 = (float)s->beta1, rest1 = (float)(1.0 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1.0 - s->beta2);
    const float epsilon = (float)s->epsilon;
    const float decay = (float)s->weight_decay, shrink = (float)(c->lr * s->weight_decay);
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *m = c->slot[0], *v = c->slot[1];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = decoupled ? sign * g[i] : sign * g[i] + decay * w[i];

        if (decoupled)
            w[i] -= shrink * w[i];
        m[i] = beta1 * m[i] + rest1 * d;
        v[i] = beta2 * v[i] + rest2 * d * d;
        w[i] -= rectified > 0.0 ? rate * m[i] / (sqrtf(v[i]) + epsilon) : plain * m[i];
    }
    return FELL_OK;
}

FELL_KERNEL(step, fell_optimizer_call)
{
    return ((const struct radam *)c->settings)->decoupled ? radam_step(c, true) : radam_step(c, false);
}

static const fell_optimizer radam = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "radam",
        "RAdam: adam whose steps are rectified for the variance of its mean of squares.\n\n"
        "g += weight_decay w, m = beta1 m + (1-beta1) g, v = beta2 v + (1-beta2) g^2,\n"
        "rho = 2/(1-beta2) - 1, rho_t = rho - 2 t beta2^t/(1-beta2^t). Where rho_t > 5:\n"
        "w -= lr m/(1-beta1^t) r sqrt(1-beta2^t)/(sqrt(v) + epsilon),\n"
        "r = sqrt((rho_t-4)(rho_t-2) rho / ((rho-4)(rho-2) rho_t)); before: w -= lr m/(1-beta1^t).\n"
        "decoupled: w -= lr weight_decay w instead of the first. L. Liu et al., \"On the variance of\n"
        "the adaptive learning rate and beyond\", ICLR 2020, algorithm 2. As PyTorch's RAdam.",
        struct radam, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &radam.item);
