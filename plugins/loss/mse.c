/* mse.c - the mean of the squared errors. */
#include "each.h"

static inline float square(const void *s, float pred, float target, float *slope)
{
    const float d = pred - target;

    (void)s;
    *slope = 2.0f * d;
    return d * d;
}

LOSS_EACH_WEIGHED(struct weighed, eval, square, false)

static const fell_param params[] = {LOSS_WEIGHT(struct weighed)};

static const fell_loss mse = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "mse",
        "Mean squared error, over all outputs of all rows.\n\n"
        "loss = mean of (prediction - target)^2; gradient 2 (prediction - target) / count.\n"
        "With `weight` each output is weighed, and the sum divided by the weights, as in PyTorch's mse_loss.",
        struct weighed, params),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mse.item);
