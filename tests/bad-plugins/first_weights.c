/* fails: inputs
 * A probe that remembers the weights where the host keeps the first ones. */
#include "fell/probe.h"

static const fell_number numbers[] = {{"moved", "How far the weights have moved.", FELL_PER_NET, 0}};

static fell_status look(fell_probe_call *c)
{
    float *first = (float *)(uintptr_t)c->first;
    double sum = 0.0;

    for (int64_t i = 0; i < c->plan->weights; i++) {
        sum += fabs((double)c->w[i] - (double)first[i]);
        first[i] = c->w[i];
    }
    return fell_record(c, 0, 0, 0, sum);
}

static const fell_probe item = {
    FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "How far the weights have moved since the last look."),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "", &item.item);
