/* hinge.c - how far a prediction is from the right side of the margin. */
#include "each.h"
#include "targets.h"

static inline float margin(const void *s, float pred, float target, float *slope)
{
    const float t = target == 0.0f ? -1.0f : target, short_of = 1.0f - t * pred;

    (void)s;
    *slope = short_of > 0.0f ? -t : 0.0f;
    return short_of < 0.0f ? 0.0f : short_of;
}

LOSS_EACH(void, eval, margin)

static const fell_targets targets[] = {TARGETS_SIDE, TARGETS_SIDE_OF_ZERO};

static const fell_loss hinge = {
    .item =
        FELL_ITEM0(FELL_KIND_LOSS, fell_loss, "hinge",
                   "Hinge loss: predictions are to be beyond 1 on the side of a target of 1 or -1.\n\n"
                   "loss = mean over all outputs of max(0, 1 - target prediction); gradient -target / count\n"
                   "where it is above 0. Targets of 0 are taken as -1. The loss of support vector machines:\n"
                   "C. Cortes and V. Vapnik, \"Support-vector networks\", 1995."),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &hinge.item);
