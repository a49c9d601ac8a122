/* schedule_free.c - adamw whose weights are an average, so that it needs no schedule.
 *
 * Between steps the weights are the average x, which is evaluated and kept; before a step they go to
 * y = (1 - beta1) z + beta1 x, where the gradient is taken.
 */
#include "fell/plugin.h"
#include "optimizer.h"

struct schedule_free {
    double lr, beta1, beta2, epsilon, weight_decay;
    int64_t warmup_steps;
    double r, weight_lr_power;
};

static const fell_param params[] = {
    FELL_FLOAT(struct schedule_free, lr, 2.5e-3, 0, INFINITY, FELL_MAX_OPEN,
               "Learning rate, 0 or more; usually larger than adamw's."),
    FELL_FLOAT(struct schedule_free, beta1, 0.9, 0, 1, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Share of the average in the place where the gradient is taken, in (0, 1)."),
    OPTIMIZER_BETA2(struct schedule_free),
    OPTIMIZER_EPSILON(struct schedule_free, 1e-8),
    OPTIMIZER_DECAY(struct schedule_free, 0),
    FELL_INT(struct schedule_free, warmup_steps, 0, 0, 1LL << 40, 0,
             "Steps in which the rate grows to its size, 0 or more."),
    FELL_FLOAT(struct schedule_free, r, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Step t weighs t^r in the average, 0 or more."),
    FELL_FLOAT(struct schedule_free, weight_lr_power, 2, 0, INFINITY, FELL_MAX_OPEN,
               "It weighs the largest rate so far to this power, too, 0 or more."),
};

enum { Z, V, X, SUM, LARGEST, AWAY };

static const fell_slot slots[] = {
    {"z", "The weights that move.", NULL, FELL_SLOT_EACH, NULL},
    {"v", "The running mean of the squares of the gradients.", NULL, FELL_SLOT_EACH, NULL},
    {"x", "The average, while the weights are elsewhere.", NULL, FELL_SLOT_EACH, NULL},
    {"sum", "Weights of all steps in the average.", NULL, FELL_SLOT_ONE, NULL},
    {"largest", "The largest rate so far.", NULL, FELL_SLOT_ONE, NULL},
    {"away", "1 while the weights are where the gradient is taken.", NULL, FELL_SLOT_ONE, NULL},
};

FELL_KERNEL(go_away, fell_optimizer_call)
{
    const float beta1 = (float)((const struct schedule_free *)c->settings)->beta1, rest = 1.0f - beta1;
    const bool first = c->t == 1;
    const int64_t n = c->n;
    float *w = c->w, *z = c->slot[Z], *x = c->slot[X];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        z[i] = first ? w[i] : z[i];
        x[i] = w[i];
        w[i] = rest * z[i] + beta1 * x[i];
    }
    return FELL_OK;
}

static fell_status before(fell_optimizer_call *c)
{
    if (c->slot[AWAY][0] != 0.0f)
        return FELL_OK;
    c->slot[AWAY][0] = 1.0f;
    return go_away(c);
}

/* One step at rate LR, in which z has SHARE of the average. */
struct moving {
    fell_ctx *ctx;
    fell_optimizer_call *call;
    double lr, share;
};

/* v = beta2 v + (1-beta2) g^2, z -= lr (g / (sqrt(v / (1-beta2^t)) + epsilon) + weight_decay y),
 * x = (1 - share) x + share z */
FELL_KERNEL(move_all, struct moving)
{
    const struct schedule_free *s = c->call->settings;
    const double root = sqrt(1.0 - power_whole(s->beta2, c->call->t));
    const float beta2 = (float)s->beta2, rest2 = (float)(1.0 - s->beta2), decay = (float)s->weight_decay;
    const float epsilon = (float)(s->epsilon * root), up = (float)root, rate = (float)c->lr;
    const float share = (float)c->share;
    const int64_t n = c->call->n;
    const float *g = c->call->g, *x = c->call->slot[X];
    float *w = c->call->w, *z = c->call->slot[Z], *v = c->call->slot[V];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float square = beta2 * v[i] + rest2 * g[i] * g[i];
        const float by = sqrtf(square) + epsilon;

        v[i] = square;
        z[i] -= rate * ((g[i] == 0.0f ? 0.0f : up * g[i] / by) + decay * w[i]);
        w[i] = x[i] + share * (z[i] - x[i]);
    }
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    const struct schedule_free *s = c->settings;
    const double grown = s->warmup_steps > c->t ? (double)c->t / (double)s->warmup_steps : 1.0;
    const double lr = c->lr * grown,
                 largest = lr > (double)c->slot[LARGEST][0] ? lr : (double)c->slot[LARGEST][0];
    const double weight = power_real((double)c->t, s->r) * power_real(largest, s->weight_lr_power);
    const double sum = (double)c->slot[SUM][0] + weight;
    struct moving moving = {c->ctx, c, lr, sum > 0.0 ? weight / sum : 0.0};

    c->slot[LARGEST][0] = (float)largest;
    c->slot[SUM][0] = (float)sum;
    c->slot[AWAY][0] = 0.0f;
    return move_all(&moving);
}

static const fell_optimizer schedule_free = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "schedule_free",
        "Schedule-free adamw: the weights are a running average, so that the rate need not fall.\n\n"
        "y = (1 - beta1) z + beta1 x, g at y, v = beta2 v + (1-beta2) g^2,\n"
        "z -= lr (g / (sqrt(v/(1-beta2^t)) + epsilon) + weight_decay y), x = (1 - c) x + c z with c the\n"
        "weight t^r lr^2 of the step over the sum of all so far. Evaluated, recorded and kept is x; the\n"
        "training loss is that at y. A. Defazio et al., \"The road less scheduled\", NeurIPS 2024.",
        struct schedule_free, params),
    .slots = slots,
    .nslots = sizeof slots / sizeof *slots,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
    .before = before,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &schedule_free.item);
