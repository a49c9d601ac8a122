/* constant.c - the schedule that leaves the learning rate alone. */
#include "fell/plugin.h"

static fell_status rate(fell_schedule_call *c)
{
    (void)c;
    return FELL_OK;
}

static const fell_schedule constant = {
    FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "constant",
               "Leaves the learning rate as it is.\n\n"
               "lr = lr, for the place in a sweep where no schedule is one of the choices."),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &constant.item);
