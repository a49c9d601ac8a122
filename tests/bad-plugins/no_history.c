/* fails: settings
 * Looks at what was recorded without a setting that names it: there is no history. */
#include "bad.h"

static fell_status rate(fell_schedule_call *c)
{
    for (int64_t e = 1; e < c->epoch; e++)
        if (c->history[e] >= c->history[e - 1])
            c->lr *= 0.5;
    return FELL_OK;
}

static const fell_schedule item = {.item = FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "bad", "A plateau."),
                                   .rate = rate};

FELL_PLUGIN("1.0", "", &item.item);
