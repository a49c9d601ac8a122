/* fails: short runs
 * Falls to 0 over 100 epochs, whatever the length of the run, and then below. */
#include "bad.h"

static fell_status rate(fell_schedule_call *c)
{
    c->lr *= 1.0 - (double)c->epoch / 100.0;
    return FELL_OK;
}

static const fell_schedule item = {
    FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "bad", "Falls in a straight line."), rate};

FELL_PLUGIN("1.0", "", &item.item);
