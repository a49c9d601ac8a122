/* huber.c - squared error near the target, absolute error far from it. */
#include "each.h"

struct huber {
    double delta;
    fell_floats weight;
};

static const fell_param params[] = {
    FELL_FLOAT(struct huber, delta, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Error at which the square passes into a line, above 0, in the unit of the target."),
    LOSS_WEIGHT(struct huber),
};

static inline float bend(const struct huber *s, float pred, float target, float *slope)
{
    const float delta = (float)s->delta, d = pred - target, a = fabsf(d);

    *slope = a <= delta ? d : d > 0.0f ? delta : d < 0.0f ? -delta : d;
    return a <= delta ? 0.5f * d * d : delta * (a - 0.5f * delta);
}

LOSS_EACH_WEIGHED(struct huber, eval, bend, true)

static const fell_loss huber = {
    .item =
        FELL_ITEM(FELL_KIND_LOSS, fell_loss, "huber",
                  "Squared error for small errors, absolute error for large ones: outliers count less.\n\n"
                  "With d = prediction - target: mean of d^2 / 2 where |d| <= delta, else\n"
                  "delta (|d| - delta / 2); gradient d or +-delta, / count. P. Huber, \"Robust estimation\n"
                  "of a location parameter\", 1964. As PyTorch's HuberLoss.\n"
                  "With `weight` each output is weighed, and the count stays as it is, as in its huber_loss.",
                  struct huber, params),
    .target = FELL_VALUES,
    .eval = eval,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &huber.item);
