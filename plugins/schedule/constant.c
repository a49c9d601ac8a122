/* constant.c - the schedule that leaves the learning rate alone, or begins with a share of it. */
#include "fell/plugin.h"
#include "schedule.h"

struct constant {
    double factor;
    int64_t period;
};

static const fell_param params[] = {
    FELL_FLOAT(struct constant, factor, 1, 0, 1, 0,
               "Factor of the learning rate during the period, in [0, 1]; 1 leaves it alone."),
    SCHEDULE_PERIOD(struct constant, 5, 0, "Epochs with the factor, at least 1."),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct constant *s = c->settings;

    if (c->epoch < s->period)
        c->lr *= s->factor;
    return FELL_OK;
}

static const fell_schedule constant = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "constant",
              "Leaves the learning rate as it is, or multiplies it by a factor at first.\n\n"
              "rate = lr factor before epoch `period`, then lr, as PyTorch's ConstantLR. With factor 1, the\n"
              "default, it is for the place in a sweep where no schedule is one of the choices.",
              struct constant, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &constant.item);
