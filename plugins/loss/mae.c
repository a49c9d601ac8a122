/* mae.c - the mean of the absolute errors. */
#include "each.h"

static inline float distance(const void *s, float pred, float target, float *slope)
{
    const float d = pred - target;

    (void)s;
    *slope = d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : d; /* a NaN stays one */
    return fabsf(d);
}

LOSS_EACH_WEIGHED(struct weighed, eval, distance, false)

static const fell_param params[] = {LOSS_WEIGHT(struct weighed)};

static const fell_loss mae = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "mae",
        "Mean absolute error, over all outputs of all rows.\n\n"
        "loss = mean of |prediction - target|; gradient the sign of the error / count, 0 where there\n"
        "is none. As PyTorch's L1Loss.\n"
        "With `weight` each output is weighed, and the sum divided by the weights, as in PyTorch's l1_loss.",
        struct weighed, params),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mae.item);
