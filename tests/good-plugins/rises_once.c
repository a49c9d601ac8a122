/* A schedule of short runs, too: up for a tenth of the steps, then down to 0. */
#include "fell/plugin.h"

static fell_status rate(fell_schedule_call *c)
{
    const double all = (double)c->steps, done = (double)c->step + 1.0, rise = fmax(1.0, 0.1 * all);

    c->lr *= done <= rise ? done / rise : (all - done + 1.0) / (all - rise + 1.0);
    return FELL_OK;
}

static const fell_schedule item = {FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "good", "Up and down."),
                                   rate};

FELL_PLUGIN("1.0", "", &item.item);
