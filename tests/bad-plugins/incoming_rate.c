/* fails: warning: incoming rate
 * Has a rate of its own, whatever the optimizer's is. */
#include "bad.h"

static fell_status rate(fell_schedule_call *c)
{
    c->lr = 0.1 / (double)(c->epoch + 1);
    return FELL_OK;
}

static const fell_schedule item = {
    .item = FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "bad", "A falling rate."), .rate = rate};

FELL_PLUGIN("1.0", "", &item.item);
