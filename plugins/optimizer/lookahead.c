/* lookahead.c - adamw runs ahead, and slow weights follow it every few steps. */
#include "fell/plugin.h"
#include "optimizer.h"

struct lookahead {
    double lr;
    int64_t k;
    double alpha, beta1, beta2, epsilon, weight_decay;
};

static const fell_param params[] = {
    OPTIMIZER_LR(struct lookahead, 1e-3),
    FELL_INT(struct lookahead, k, 5, 1, 1 << 30, 0, "Steps that the fast weights are ahead, at least 1."),
    FELL_FLOAT(struct lookahead, alpha, 0.5, 0, 1, FELL_MIN_OPEN,
               "Share of that way that the slow weights then go, in (0, 1]; 1: adamw."),
    OPTIMIZER_BETA1(struct lookahead),
    OPTIMIZER_BETA2(struct lookahead),
    OPTIMIZER_EPSILON(struct lookahead, 1e-8),
    OPTIMIZER_DECAY(struct lookahead, 1e-2),
};

enum { MEAN, SQUARE, SLOW };

static const fell_slot slots[] = {
    ADAM_MEAN,
    ADAM_SQUARE,
    {"slow", "The slow weights.", NULL, FELL_SLOT_EACH, NULL},
};

FELL_KERNEL(adamw_step, fell_optimizer_call)
{
    return adam_step(c, true);
}

/* slow += alpha (w - slow), w = slow */
FELL_KERNEL(meet, fell_optimizer_call)
{
    const float alpha = (float)((const struct lookahead *)c->settings)->alpha;
    const int64_t n = c->n;
    float *w = c->w, *slow = c->slot[SLOW];

    FELL_EACH for (int64_t i = 0; i < n; i++) w[i] = slow[i] += alpha * (w[i] - slow[i]);
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    const struct lookahead *s = c->settings;
    const struct adam adam = {
        .beta1 = s->beta1, .beta2 = s->beta2, .epsilon = s->epsilon, .weight_decay = s->weight_decay};
    float *slot[3] = {c->slot[MEAN], c->slot[SQUARE], NULL};
    fell_optimizer_call fast = *c;

    if (c->n == 0)
        return FELL_OK;
    if (c->t == 1)
        memcpy(c->slot[SLOW], c->w, (size_t)c->n * sizeof *c->w);
    fast.settings = &adam;
    fast.slot = slot;
    if (adamw_step(&fast) != FELL_OK)
        return FELL_ERROR;
    return c->t % s->k == 0 ? meet(c) : FELL_OK;
}

static const fell_optimizer lookahead = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "lookahead",
        "Lookahead: adamw goes k steps ahead, then slow weights go part of the way and it begins there.\n\n"
        "Every k steps slow += alpha (w - slow), w = slow; between them adamw's step. The running means go\n"
        "on. M. Zhang et al., \"Lookahead optimizer: k steps forward, 1 step back\", NeurIPS 2019, algorithm "
        "1.\n"
        "The net that is evaluated has the fast weights, unless the epoch ends with a step of the slow ones.",
        struct lookahead, params),
    .slots = slots,
    .nslots = 3,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &lookahead.item);
