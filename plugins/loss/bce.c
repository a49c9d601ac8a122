/* bce.c - binary cross-entropy of probabilities. */
#include "each.h"
#include "targets.h"

/* Logarithms end at -100, and the derivative's denominator at 1e-12, as in PyTorch: so
 * a probability of 0 or 1 is a large error and not an infinite one. */
static inline float entropy(const void *s, float p, float t, float *slope)
{
    const float yes = fell_log(p), no = fell_log1p(-p), spread = p * (1.0f - p);

    (void)s;
    *slope = (p - t) / (spread < 1e-12f ? 1e-12f : spread);
    return -(t * (yes < -100.0f ? -100.0f : yes) + (1.0f - t) * (no < -100.0f ? -100.0f : no));
}

LOSS_EACH_WEIGHED(struct weighed, eval, entropy, true)

static const fell_param params[] = {LOSS_WEIGHT(struct weighed)};

static const fell_targets targets[] = {TARGETS_YES_NO};

static const fell_loss bce = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "bce",
        "Binary cross-entropy of probabilities, each a yes-or-no question of its own.\n\n"
        "loss = mean over all outputs of -(t log p + (1-t) log(1-p)), with targets t between 0 and 1\n"
        "and logarithms that end at -100; gradient (p - t) / (p (1-p)) / count. The last entry is a\n"
        "sigmoid; bce_with_logits contains it and is more exact. As PyTorch's BCELoss,\n"
        "with its `weight`: a factor for each output, where the count stays as it is.",
        struct weighed, params),
    .target = FELL_VALUES,
    .expects = FELL_PROB,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &bce.item);
