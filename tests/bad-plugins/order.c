/* fails: order
 * Counts the steps that it is asked about. */
#include "bad.h"

#include <errno.h>

static fell_status rate(fell_schedule_call *c)
{
    errno = c->step == 0 ? 0 : errno + 1;
    c->lr /= 1.0 + 0.1 * (double)errno;
    return FELL_OK;
}

static const fell_schedule item = {
    FELL_ITEM0(FELL_KIND_SCHEDULE, fell_schedule, "bad", "Slows down step by step."), rate};

FELL_PLUGIN("1.0", "", &item.item);
