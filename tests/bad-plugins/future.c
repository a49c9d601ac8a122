/* fails: unset memory
 * Looks at the value of the epoch that is still to come. */
#include "bad.h"

static fell_status rate(fell_schedule_call *c)
{
    if (c->history && c->history[c->epoch] > 0.05)
        c->lr *= 0.5;
    return FELL_OK;
}

static const fell_schedule item = {FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "bad", "Falls to a half."),
                                   rate};

FELL_PLUGIN("1.0", "", &item.item);
