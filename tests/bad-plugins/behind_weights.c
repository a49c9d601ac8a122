/* fails: outside reads
 * Looks at one weight more than there are. */
#include "fell/probe.h"

static const fell_number numbers[] = {{"largest", "The largest weight.", FELL_PER_NET, 0}};

static fell_status look(fell_probe_call *c)
{
    double largest = 0.0;

    for (int64_t i = 0; i <= c->plan->weights; i++)
        largest = fmax(largest, fabs((double)c->w[i]));
    return fell_record(c, 0, 0, 0, largest);
}

static const fell_probe item = {FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "A size."),
                                FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "", &item.item);
