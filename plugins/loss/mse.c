/* mse.c - the mean of the squared errors. */
#include "each.h"

static inline float square(const void *s, float pred, float target, float *slope)
{
    const float d = pred - target;

    (void)s;
    *slope = 2.0f * d;
    return d * d;
}

LOSS_EACH(void, eval, square)

static const fell_loss mse =
    FELL_LOSS("mse",
              "Mean squared error, over all outputs of all rows.\n\n"
              "loss = mean of (prediction - target)^2; gradient 2 (prediction - target) / count.",
              FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mse.item);
