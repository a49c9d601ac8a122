/* fails: short runs
 * Divides by the number of epochs after the first. */
#include "bad.h"

static fell_status rate(fell_schedule_call *c)
{
    c->lr *= 1.0 - 0.9 * (double)c->epoch / (double)(c->epochs - 1);
    return FELL_OK;
}

static const fell_schedule item = {FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "bad", "Falls to a tenth."),
                                   rate};

FELL_PLUGIN("1.0", "", &item.item);
