/* fails: unset memory
 * Adds up in working memory that nobody has set. */
#include "fell/probe.h"

static const fell_number numbers[] = {
    {"moved", "How far weights are from where they began.", FELL_PER_NET, 0}};

static fell_status look(fell_probe_call *c)
{
    double *sum = fell_scratch(c->ctx, 1, sizeof *sum);

    if (!sum)
        return FELL_ERROR;
    for (int64_t i = 0; i < c->plan->weights; i++)
        *sum += fabs((double)(c->w[i] - c->first[i]));
    return fell_record(c, 0, 0, 0, *sum);
}

static const fell_probe item = {FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "A distance."),
                                FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "", &item.item);
