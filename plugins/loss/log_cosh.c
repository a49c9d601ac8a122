/* log_cosh.c - squared error near the target, absolute error far from it, without a seam.
 *
 * For a = |error| below 1, cosh a - 1 = (e^a - 1)^2 / (2 e^a) keeps the digits that
 * cosh a loses; above, log cosh a = a + log(1 + e^-2a) - log 2, which never overflows.
 */
#include "each.h"

static inline float log_of_cosh(const void *s, float pred, float target, float *slope)
{
    const float d = pred - target, a = fabsf(d);
    const float e = fell_expm1(a < 1.0f ? a : 1.0f);
    const float near = fell_log1p(e * e / (2.0f * (e + 1.0f)));
    const float far = a + (fell_log1p(fell_exp(-2.0f * a)) - 0.693147181f);

    (void)s;
    *slope = fell_tanh(d);
    return a < 1.0f ? near : far;
}

LOSS_EACH_WEIGHED(struct weighed, eval, log_of_cosh, false)

static const fell_param params[] = {LOSS_WEIGHT(struct weighed)};

static const fell_loss log_cosh = {
    .item = FELL_ITEM(
        FELL_KIND_LOSS, fell_loss, "log_cosh",
        "Logarithm of the hyperbolic cosine of the error: like mse near 0, like mae far from it.\n\n"
        "loss = mean of log(cosh(prediction - target)); gradient tanh(prediction - target) / count.\n"
        "Called LogCosh in Keras.\n"
        "With `weight` each output is weighed, and the sum divided by the weights.",
        struct weighed, params),
    .target = FELL_VALUES,
    .expects = FELL_REAL,
    .eval = eval,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &log_cosh.item);
