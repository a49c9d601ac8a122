/* fails: short runs
 * Computes with a value that may be undefined. */
#include "fell/plugin.h"

struct settings {
    const char *monitor;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, monitor, "validation.loss", FELL_MONITOR, "What to watch.")};

static fell_status rate(fell_schedule_call *c)
{
    if (c->epoch > 0)
        c->lr *= c->history[c->epoch - 1] / (1.0 + c->history[c->epoch - 1]);
    return FELL_OK;
}

static const fell_schedule item = {
    .item = FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "bad", "Is wrong.", struct settings, params),
    .rate = rate};

FELL_PLUGIN("1.0", "", &item.item);
