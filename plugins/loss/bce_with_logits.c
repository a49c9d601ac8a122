/* bce_with_logits.c - sigmoid and binary cross-entropy in one.
 *
 * With e = exp(-|x|) neither end of the line overflows or cancels:
 *     -log sigmoid(x)  = max(-x, 0) + log(1 + e)
 *     -log sigmoid(-x) = max( x, 0) + log(1 + e)
 */
#include "../rows.h"
#include "fell/plugin.h"

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
FELL_KERNEL(eval, fell_loss_call)
{
    enum { BLOCK = 256 };
    const struct bce *s = c->settings;
    const int64_t n = c->rows * c->cols;
    const float p = (float)s->pos_weight;
    float part[BLOCK];

    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;
        const float *pred = c->pred + i, *target = c->target + i;
        float *dpred = c->dpred + i;

        FELL_EACH for (int64_t j = 0; j < m; j++)
        {
            const float x = pred[j], t = target[j];
            const float e = fell_exp(x < 0.0f ? x : -x), both = fell_log1p(e);
            const float near = 1.0f / (1.0f + e), far = e * near; /* sigmoid(|x|), sigmoid(-|x|) */

            part[j] = p * t * ((x < 0.0f ? -x : 0.0f) + both) + (1.0f - t) * ((x > 0.0f ? x : 0.0f) + both);
            dpred[j] = (1.0f - t) * (x < 0.0f ? far : near) - p * t * (x < 0.0f ? near : far);
        }
        c->sum += rows_total(part, m);
    }
    c->weight = (double)n;
    return FELL_OK;
}

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
