/* bce_with_logits.c - sigmoid and binary cross-entropy in one.
 *
 * With e = exp(-|x|) neither end of the line overflows or cancels:
 *     -log sigmoid(x)  = max(-x, 0) + log(1 + e)
 *     -log sigmoid(-x) = max( x, 0) + log(1 + e)
 */
#include "each.h"
#include "targets.h"

struct bce {
    fell_floats pos_weight, weight;
};

static const fell_param params[] = {
    FELL_FLOATS(
        struct bce, pos_weight, "1", 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
        "Weight of the positive examples, a factor above 0, one for all outputs or one for each: above "
        "1 for more of them found, below 1 for fewer false alarms."),
    LOSS_WEIGHT(struct bce),
};

/* loss = p t softplus(-x) + (1-t) softplus(x), and its derivative
 * (1-t) sigmoid(x) - p t sigmoid(-x), with p = pos_weight. */
FELL_INLINE float entropy(float p, float x, float t, float *slope)
{
    const float e = fell_exp(x < 0.0f ? x : -x), both = fell_log1p(e);
    const float near = 1.0f / (1.0f + e), far = e * near; /* sigmoid(|x|), sigmoid(-|x|) */

    *slope = (1.0f - t) * (x < 0.0f ? far : near) - p * t * (x < 0.0f ? near : far);
    return p * t * ((x < 0.0f ? -x : 0.0f) + both) + (1.0f - t) * ((x > 0.0f ? x : 0.0f) + both);
}

static inline float with_first(const struct bce *s, float x, float t, float *slope)
{
    return entropy((float)s->pos_weight.v[0], x, t, slope);
}

LOSS_EACH_WEIGHED(struct bce, eval_alike, with_first, true)

/* Each output has weights of its own. */
FELL_KERNEL(eval_apart, fell_loss_call)
{
    enum { BLOCK = 256 };
    const struct bce *s = c->settings;
    const double *positive = s->pos_weight.v, *weight = s->weight.n ? s->weight.v : NULL;
    float part[BLOCK];

    for (int64_t i = 0; i < c->rows; i++)
        for (int64_t j = 0; j < c->cols; j += BLOCK) {
            const int64_t m = c->cols - j < BLOCK ? c->cols - j : BLOCK, at = i * c->cols + j;
            const float *pred = c->pred + at, *target = c->target + at;
            float *dpred = c->dpred + at;

            FELL_EACH for (int64_t k = 0; k < m; k++) part[k] =
                entropy((float)positive[j + k], pred[k], target[k], &dpred[k]);
            if (weight)
                FELL_EACH for (int64_t k = 0; k < m; k++)
                {
                    part[k] *= (float)weight[j + k];
                    dpred[k] *= (float)weight[j + k];
                }
            c->sum += rows_total(part, m);
        }
    c->weight = (double)(c->rows * c->cols);
    return FELL_OK;
}

static fell_status eval(fell_loss_call *c)
{
    const struct bce *s = c->settings;
    const int64_t n = s->pos_weight.n;

    if (n == 1)
        return eval_alike(c);
    if (n != c->cols)
        return fell_fail(c->ctx, "pos_weight: %lld values for %lld outputs; it takes one, or one for each",
                         (long long)n, (long long)c->cols);
    if (s->weight.n && !(loss_weights(c, &s->weight) > 0.0))
        return FELL_ERROR;
    return eval_apart(c);
}

static const fell_targets targets[] = {TARGETS_YES_NO};

static const fell_loss bce_with_logits = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "bce_with_logits",
        "Binary cross-entropy of raw outputs (logits), each a yes-or-no question of its own.\n\n"
        "loss = mean over all outputs of -(pos_weight t log s + (1-t) log(1-s)) with s = sigmoid(x)\n"
        "and targets t between 0 and 1. The last layer has no sigmoid. As PyTorch's\n"
        "BCEWithLogitsLoss, with its `weight` too: a factor for each output, where the count stays as it is.",
        struct bce, params),
    .target = FELL_VALUES,
    .expects = FELL_LOGIT,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &bce_with_logits.item);
