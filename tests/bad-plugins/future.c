/* fails: unset memory
 * Looks at the value of the epoch that is still to come. */
#include "bad.h"

struct settings {
    const char *watch;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, watch, "validation.loss", FELL_MONITOR, "What is watched.")};

static fell_status rate(fell_schedule_call *c)
{
    if (c->history && c->history[c->epoch] > 0.05)
        c->lr *= 0.5;
    return FELL_OK;
}

static const fell_schedule item = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "bad", "Falls to a half.", struct settings, params), rate};

FELL_PLUGIN("1.0", "", &item.item);
