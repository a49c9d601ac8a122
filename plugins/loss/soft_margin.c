/* soft_margin.c - the logistic loss of a side. */
#include "each.h"
#include "targets.h"

/* log(1 + e^z) with z = -t pred, without overflow. */
static inline float side(const void *s, float pred, float target, float *slope)
{
    const float t = target == 0.0f ? -1.0f : target, z = -t * pred;
    const float e = fell_exp(z < 0.0f ? z : -z);

    (void)s;
    *slope = -t * fell_sigmoid(z);
    return (z > 0.0f ? z : 0.0f) + fell_log1p(e);
}

LOSS_EACH(void, eval, side)

static const fell_targets targets[] = {TARGETS_SIDE, TARGETS_SIDE_OF_ZERO};

static const fell_loss soft_margin = {
    .item = FELL_ITEM0(
        FELL_KIND_LOSS, fell_loss, "soft_margin",
        "Logistic loss of a side: hinge without the kink.\n\n"
        "loss = mean over all outputs of log(1 + exp(-target output)), targets 1 and -1; 0 is taken\n"
        "as -1. It is bce_with_logits for targets of other names. As PyTorch's SoftMarginLoss."),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &soft_margin.item);
