/* fails: pieces
 * Looks at the outputs of all rows after a forward of c->most. */
#include "fell/probe.h"

static const fell_number numbers[] = {{"mean", "Mean output.", FELL_PER_LAYER, 0}};

static fell_status look(fell_probe_call *c)
{
    const int64_t rows = c->plan->rows, n = rows < c->most ? rows : c->most;

    if (fell_probe_forward(c, 0, n) != FELL_OK)
        return FELL_ERROR;
    for (int64_t e = 0; e < c->plan->nentries; e++) {
        const int64_t size = c->plan->entry[e].size;
        double sum = 0.0;

        for (int64_t i = 0; i < n * size; i++)
            sum += (double)c->y[e][i];
        if (fell_record(c, 0, e, 0, sum / (double)(rows * size)) != FELL_OK)
            return FELL_ERROR;
    }
    return FELL_OK;
}

static const fell_probe item = {FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "Mean outputs."),
                                FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "", &item.item);
