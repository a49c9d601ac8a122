/* warmup.c - the learning rate grows to its full size during the first steps. */
#include "fell/plugin.h"

struct warmup {
    int64_t steps;
    double start_factor;
};

static const fell_param params[] = {
    FELL_INT(struct warmup, steps, 0, 1, 1LL << 40, FELL_REQUIRED,
             "Optimizer steps until the rate is full, at least 1."),
    FELL_FLOAT(struct warmup, start_factor, 0, 0, 1, 0,
               "Share of the rate that the line begins with, before the first step, in [0, 1]."),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct warmup *s = c->settings;

    if (c->step < s->steps)
        c->lr *= s->start_factor + (1.0 - s->start_factor) * (double)(c->step + 1) / (double)s->steps;
    return FELL_OK;
}

static const fell_schedule warmup = {
    FELL_ITEM(
        FELL_KIND_SCHEDULE, fell_schedule, "warmup",
        "Lets the learning rate grow along a line during the first steps; put it last in a list.\n\n"
        "rate = lr (start_factor + (1 - start_factor) (step + 1) / steps), step from 0, until it is lr,\n"
        "the rate that the schedule before it in the list gives. P. Goyal et al., \"Accurate, large\n"
        "minibatch SGD: training ImageNet in 1 hour\", 2017, section 2.2.",
        struct warmup, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &warmup.item);
