/* asgd.c - averaged stochastic gradient descent. */
#include "fell/plugin.h"
#include "optimizer.h"

struct asgd {
    double lr, lambda, alpha, t0, weight_decay;
    bool average, maximize;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct asgd, 1e-2),
    FELL_FLOAT(struct asgd, lambda, 1e-4, 0, INFINITY, FELL_MAX_OPEN,
               "Share of the weights, times the rate, that each step takes off, 0 or more; also the speed at "
               "which the rate falls."),
    FELL_FLOAT(struct asgd, alpha, 0.75, 0, INFINITY, FELL_MAX_OPEN,
               "Power with which the rate falls, 0 or more."),
    FELL_FLOAT(struct asgd, t0, 1e6, 0, INFINITY, FELL_MAX_OPEN,
               "Step from which on weights are averaged, 0 or more."),
    OPTIMIZER_L2(struct asgd),
    FELL_BOOL(struct asgd, average, false,
              "Whether the net that is evaluated and kept has the average as its weights, true or false."),
    OPTIMIZER_MAXIMIZE(struct asgd),
};

enum { AVERAGE, ETA, MU };

static const fell_slot slots[] = {
    {"ax", "The average of the weights; with `average` the weights that move.", NULL, FELL_SLOT_EACH, NULL},
    {"eta", "The rate of the next step.", NULL, FELL_SLOT_ONE, NULL},
    {"mu", "Share that the next weights have in the average.", NULL, FELL_SLOT_ONE, NULL},
    {"away", "1 while the weights are those that move.", "average", FELL_SLOT_ONE, NULL},
};

/* The average and the weights change places. */
FELL_KERNEL(exchange, fell_optimizer_call)
{
    const int64_t n = c->n;
    float *w = c->w, *ax = c->slot[AVERAGE];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float kept = w[i];

        w[i] = ax[i];
        ax[i] = kept;
    }
    return FELL_OK;
}

static fell_status before(fell_optimizer_call *c)
{
    const struct asgd *s = c->settings;

    if (!s->average || c->t == 1 || c->slot[3][0] != 0.0f)
        return FELL_OK;
    c->slot[3][0] = 1.0f;
    return exchange(c);
}

/* g += weight_decay w, w = (1 - lambda eta) w - eta g, ax += mu (w - ax) */
FELL_KERNEL(move, fell_optimizer_call)
{
    const struct asgd *s = c->settings;
    const float eta = c->slot[ETA][0], mu = c->slot[MU][0], sign = optimizer_sign(s->maximize);
    const float keep = (float)(1.0 - s->lambda * (double)eta), decay = (float)s->weight_decay;
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *ax = c->slot[AVERAGE];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        w[i] = keep * w[i] - eta * (sign * g[i] + decay * w[i]);
        ax[i] = mu == 1.0f ? w[i] : ax[i] + mu * (w[i] - ax[i]);
    }
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    const struct asgd *s = c->settings;
    const double t = (double)c->t;

    if (c->t == 1) {
        c->slot[ETA][0] = (float)c->lr;
        c->slot[MU][0] = 1.0f;
    }
    if (move(c) != FELL_OK)
        return FELL_ERROR;
    c->slot[ETA][0] = (float)(c->lr / power_real(1.0 + s->lambda * c->lr * t, s->alpha));
    c->slot[MU][0] = (float)(t - s->t0 > 1.0 ? 1.0 / (t - s->t0) : 1.0);
    if (!s->average)
        return FELL_OK;
    c->slot[3][0] = 0.0f;
    return exchange(c);
}

static const fell_optimizer asgd = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "asgd",
        "Averaged stochastic gradient descent: the mean of the weights on the way is kept as well.\n\n"
        "g += weight_decay w, w = (1 - lambda eta) w - eta g, ax += mu (w - ax), eta =\n"
        "lr / (1 + lambda lr t)^alpha, mu = 1 / max(1, t - t0). B. Polyak and A. Juditsky, \"Acceleration "
        "of\n"
        "stochastic approximation by averaging\", SIAM J. Control Optim. 30, 1992. As PyTorch's ASGD, whose\n"
        "lambd this lambda is. With `average` the net that is evaluated and kept is the average.",
        struct asgd, params),
    .slots = slots,
    .nslots = 4,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
    .before = before,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &asgd.item);
