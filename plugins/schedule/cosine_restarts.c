/* cosine_restarts.c - the learning rate glides down and jumps back, again and again. */
#include "fell/plugin.h"
#include "schedule.h"

struct restarts {
    int64_t period, multiplier;
    double minimum;
};

static const fell_param params[] = {
    SCHEDULE_PERIOD(struct restarts, 0, FELL_REQUIRED, "Epochs to the first restart, at least 1."),
    FELL_INT(struct restarts, multiplier, 1, 1, 1000, 0,
             "Each period is so many times as long as the one before, at least 1."),
    SCHEDULE_MINIMUM(struct restarts),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct restarts *s = c->settings;
    int64_t period = s->period, epoch = c->epoch;

    if (s->multiplier == 1)
        epoch %= period;
    for (; epoch >= period; period *= s->multiplier)
        epoch -= period;
    c->lr = schedule_glide(c->lr, s->minimum, (double)epoch / (double)period);
    return FELL_OK;
}

static const fell_schedule cosine_restarts = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "cosine_restarts",
              "Lets the learning rate glide down along half a cosine wave and restart at the top.\n\n"
              "rate = minimum + (lr - minimum) (1 + cos(pi e / T)) / 2 at epoch e of a period T, and\n"
              "T = multiplier T after each, as PyTorch's CosineAnnealingWarmRestarts. I. Loshchilov and\n"
              "F. Hutter, \"SGDR: stochastic gradient descent with warm restarts\", ICLR 2017, section 3.",
              struct restarts, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &cosine_restarts.item);
