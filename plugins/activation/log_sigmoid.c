/* log_sigmoid.c - the logarithm of the logistic function. */
#include "fell/plugin.h"

/* log(1 / (1 + e^-x)) = min(x, 0) - log(1 + e^-|x|), which neither overflows nor rounds to 0. */
static inline float log_of(const void *s, float x)
{
    const float low = x < 0.0f ? x : -x;

    (void)s;
    return (x > 0.0f ? 0.0f : x) - fell_log1p(fell_exp(low));
}

static inline float slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return fell_sigmoid(-x);
}

FELL_ELEMENTWISE(void, log_of, slope)

static const fell_activation log_sigmoid =
    FELL_ACTIVATION("log_sigmoid",
                    "Logarithm of the logistic function: every number as the logarithm of a probability.\n\n"
                    "y = log(1 / (1 + exp(-x))), dy/dx = sigmoid(-x). As PyTorch's LogSigmoid.",
                    FELL_LOGPROB, log_of_forward, log_of_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &log_sigmoid.item);
