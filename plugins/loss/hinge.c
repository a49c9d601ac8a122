/* hinge.c - how far a prediction is from the right side of the margin. */
#include "each.h"

static inline float margin(const void *s, float pred, float target, float *slope)
{
    const float t = target == 0.0f ? -1.0f : target, short_of = 1.0f - t * pred;

    (void)s;
    *slope = short_of > 0.0f ? -t : 0.0f;
    return short_of < 0.0f ? 0.0f : short_of;
}

LOSS_EACH(void, eval, margin)

static const fell_loss hinge =
    FELL_LOSS("hinge",
              "Hinge loss: predictions are to be beyond 1 on the side of a target of 1 or -1.\n\n"
              "loss = mean over all outputs of max(0, 1 - target prediction); gradient -target / count\n"
              "where it is above 0. Targets of 0 are taken as -1. The loss of support vector machines:\n"
              "C. Cortes and V. Vapnik, \"Support-vector networks\", 1995.",
              FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &hinge.item);
