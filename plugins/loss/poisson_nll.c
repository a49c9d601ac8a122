/* poisson_nll.c - the negative log-likelihood of counts. */
#include "each.h"

struct poisson {
    bool log_input, full;
    double epsilon;
};

static const fell_param params[] = {
    FELL_BOOL(struct poisson, log_input, true,
              "Whether outputs are logarithms of expected counts, true, or the counts themselves, false."),
    FELL_BOOL(
        struct poisson, full, false,
        "Whether Stirling's approximation of log(target!) is added for targets above 1, true or false."),
    FELL_FLOAT(struct poisson, epsilon, 1e-8, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Added to expected counts before the logarithm where log_input is false, above 0."),
};

static inline float likelihood(const struct poisson *s, float x, float t, float *slope)
{
    const float rate = s->log_input ? fell_exp(x) : x, floor = x + (float)s->epsilon;
    const float log_rate = s->log_input ? x : fell_log(floor);
    const float stirling = t * fell_log(t) - t + 0.5f * fell_log(6.28318531f * t);

    *slope = s->log_input ? rate - t : 1.0f - t / floor;
    return rate - t * log_rate + (s->full && t > 1.0f ? stirling : 0.0f);
}

LOSS_EACH(struct poisson, eval, likelihood)

#define COUNTS "they are counts; numbers of either sign are for mse or huber"

static const fell_targets targets[] = {
    {0, INFINITY, FELL_LOGS, "log_input", 1, COUNTS},
    {0, INFINITY, 0, "log_input", 0, COUNTS},
};

static const fell_loss poisson_nll = {
    .item = FELL_ITEM(FELL_KIND_LOSS, fell_loss, "poisson_nll",
                      "Negative log-likelihood of counts under a Poisson distribution.\n\n"
                      "loss = mean over all outputs of exp(x) - t x, or with `log_input: false` of\n"
                      "x - t log(x + epsilon); gradient exp(x) - t, or 1 - t / (x + epsilon), / count. With\n"
                      "`full`, t log t - t + log(2 pi t) / 2 is added where t > 1. As PyTorch's\n"
                      "PoissonNLLLoss.",
                      struct poisson, params),
    .target = FELL_VALUES,
    .eval = eval,
    .targets = targets,
    .ntargets = sizeof targets / sizeof *targets,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &poisson_nll.item);
