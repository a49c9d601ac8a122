/* bce_with_logits.c - sigmoid and binary cross-entropy in one.
 *
 * With e = exp(-|x|) neither end of the line overflows or cancels:
 *     -log sigmoid(x)  = max(-x, 0) + log(1 + e)
 *     -log sigmoid(-x) = max( x, 0) + log(1 + e)
 */
#include "each.h"

struct bce {
    double pos_weight;
};

static const fell_param params[] = {
    FELL_FLOAT(struct bce, pos_weight, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Weight of the positive examples, a factor above 0: above 1 for more of them found, below 1 "
               "for fewer false alarms."),
};

/* loss = p t softplus(-x) + (1-t) softplus(x), and its derivative
 * (1-t) sigmoid(x) - p t sigmoid(-x), with p = pos_weight. */
static inline float entropy(const struct bce *s, float x, float t, float *slope)
{
    const float p = (float)s->pos_weight;
    const float e = fell_exp(x < 0.0f ? x : -x), both = fell_log1p(e);
    const float near = 1.0f / (1.0f + e), far = e * near; /* sigmoid(|x|), sigmoid(-|x|) */

    *slope = (1.0f - t) * (x < 0.0f ? far : near) - p * t * (x < 0.0f ? near : far);
    return p * t * ((x < 0.0f ? -x : 0.0f) + both) + (1.0f - t) * ((x > 0.0f ? x : 0.0f) + both);
}

LOSS_EACH(struct bce, eval, entropy)

static const fell_loss bce_with_logits = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "bce_with_logits",
        "Binary cross-entropy of raw outputs (logits), each a yes-or-no question of its own.\n\n"
        "loss = mean over all outputs of -(pos_weight t log s + (1-t) log(1-s)) with s = sigmoid(x)\n"
        "and targets t between 0 and 1. The last layer has no sigmoid. As PyTorch's\n"
        "BCEWithLogitsLoss.",
        struct bce, params),
    .target = FELL_VALUES,
    .expects = FELL_LOGIT,
    .eval = eval,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &bce_with_logits.item);
