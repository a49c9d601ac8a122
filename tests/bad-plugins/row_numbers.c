/* fails: settings
 * Numbers rows from 0 on, not as the source does. */
#include "fell/probe.h"
static const fell_number numbers[] = {{"loss", "Loss of the row.", FELL_PER_ROW, 0}};

static fell_status look(fell_probe_call *c)
{
    int64_t n = c->plan->rows;
    double *norm = fell_scratch(c->ctx, n * c->plan->ntensors, 8), *loss = fell_scratch(c->ctx, n, 8);
    if (!norm || !loss || fell_probe_each_row(c, 0, n, NULL, loss, norm, NULL, NULL, NULL) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = 0; i < n; i++)
        if (fell_record(c, 0, 0, i, loss[i]) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
}

static const fell_probe item = {.item = FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "Is wrong."),
                                FELL_PROBE_TABLES(numbers, NULL, 0),
                                .look = look};

FELL_PLUGIN("1.0", "", &item.item);
