/* squared_hinge.c - the square of how far a prediction is from the right side of the margin. */
#include "each.h"
#include "targets.h"

static inline float margin(const void *s, float pred, float target, float *slope)
{
    const float t = target == 0.0f ? -1.0f : target, gap = 1.0f - t * pred;
    const float short_of = gap < 0.0f ? 0.0f : gap;

    (void)s;
    *slope = -2.0f * t * short_of;
    return short_of * short_of;
}

LOSS_EACH(void, eval, margin)

static const fell_targets targets[] = {TARGETS_SIDE, TARGETS_SIDE_OF_ZERO};

static const fell_loss squared_hinge = {
    .item = FELL_ITEM0(
        FELL_KIND_LOSS, fell_loss, "squared_hinge",
        "Squared hinge loss: predictions are to be beyond 1 on the side of a target of 1 or -1.\n\n"
        "loss = mean over all outputs of max(0, 1 - target prediction)^2; gradient\n"
        "-2 target max(0, 1 - target prediction) / count. Targets of 0 are taken as -1. Y. Tang,\n"
        "\"Deep learning using linear support vector machines\", 2013."),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &squared_hinge.item);
