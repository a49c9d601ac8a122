/* mae.c - the mean of the absolute errors. */
#include "each.h"

static inline float distance(const void *s, float pred, float target, float *slope)
{
    const float d = pred - target;

    (void)s;
    *slope = d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : d; /* a NaN stays one */
    return fabsf(d);
}

LOSS_EACH(void, eval, distance)

static const fell_loss mae =
    FELL_LOSS("mae",
              "Mean absolute error, over all outputs of all rows.\n\n"
              "loss = mean of |prediction - target|; gradient the sign of the error / count, 0 where there\n"
              "is none. As PyTorch's L1Loss.",
              FELL_VALUES, FELL_REAL, eval);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mae.item);
