/* polynomial.c - the learning rate falls to zero along a power of what is left. */
#include "../power.h"
#include "fell/plugin.h"
#include "schedule.h"

struct polynomial {
    double power;
    int64_t period;
};

static const fell_param params[] = {
    FELL_FLOAT(struct polynomial, power, 1, 0, 1000, 0, "Exponent, 0 or more; 1 is a line."),
    SCHEDULE_PERIOD(struct polynomial, 5, 0, "Epochs until the rate is 0, at least 1."),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct polynomial *s = c->settings;
    const double left = c->epoch < s->period ? 1.0 - (double)c->epoch / (double)s->period : 0.0;

    c->lr *= power_real(left, s->power);
    return FELL_OK;
}

static const fell_schedule polynomial = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "polynomial",
              "Lets the learning rate fall to zero along a power of the share of epochs left.\n\n"
              "rate = lr (1 - min(epoch, period) / period)^power, as PyTorch's PolynomialLR.",
              struct polynomial, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &polynomial.item);
