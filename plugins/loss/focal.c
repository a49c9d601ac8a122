/* focal.c - binary cross-entropy that turns away from what is right already.
 *
 * With s = sigmoid(x), the share q = s (1-t) + (1-s) t of the answer that is wrong:
 *     loss = alpha_t q^gamma ce,   ce = -(t log s + (1-t) log(1-s)).
 */
#include "each.h"
#include "targets.h"

struct focal {
    double gamma, alpha;
};

static const fell_param params[] = {
    FELL_FLOAT(struct focal, gamma, 2, 0, INFINITY, FELL_MAX_OPEN,
               "How much less right answers count, from 0 up; 0: as in bce_with_logits."),
    FELL_FLOAT(
        struct focal, alpha, 0.25, -1, 1, 0,
        "Weight of the positive examples, in [0, 1], the negative ones weigh the rest; -1: both weigh 1."),
};

static inline float focus(const struct focal *s, float x, float t, float *slope)
{
    const float gamma = (float)s->gamma, alpha = (float)s->alpha;
    const float e = fell_exp(x < 0.0f ? x : -x), both = fell_log1p(e);
    const float near = 1.0f / (1.0f + e), far = e * near; /* sigmoid(|x|), sigmoid(-|x|) */
    const float yes = x < 0.0f ? far : near, no = x < 0.0f ? near : far;
    const float ce = t * ((x < 0.0f ? -x : 0.0f) + both) + (1.0f - t) * ((x > 0.0f ? x : 0.0f) + both);
    const float wrong = yes * (1.0f - t) + no * t;
    const float power = gamma > 0.0f ? fell_exp(gamma * fell_log(wrong)) : 1.0f;
    const float weight = alpha < 0.0f ? 1.0f : alpha * t + (1.0f - alpha) * (1.0f - t);
    const float bend = wrong > 0.0f ? gamma * (yes * no) * (1.0f - 2.0f * t) / wrong : 0.0f;

    *slope = weight * power * ((yes * (1.0f - t) - no * t) + ce * bend);
    return weight * power * ce;
}

LOSS_EACH(struct focal, eval, focus)

static const fell_targets targets[] = {TARGETS_YES_NO};

static const fell_loss focal = {
    .item =
        FELL_ITEM(FELL_KIND_LOSS, fell_loss, "focal",
                  "Binary cross-entropy of raw outputs (logits) in which right answers count less.\n\n"
                  "loss = mean over all outputs of -alpha_t (1 - p_t)^gamma log p_t, where p_t is\n"
                  "sigmoid(x) for targets of 1 and 1 - sigmoid(x) for 0, and alpha_t is alpha and\n"
                  "1 - alpha. T. Lin et al., \"Focal loss for dense object detection\", ICCV 2017. Called\n"
                  "sigmoid_focal_loss in torchvision.",
                  struct focal, params),
    .target = FELL_VALUES,
    .expects = FELL_LOGIT,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &focal.item);
