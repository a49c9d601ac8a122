/* fails: bounds
 * Its room for norms has a number a row, and not one for each tensor. */
#include "fell/probe.h"

static const fell_number numbers[] = {{"spread", "Mean squared gradient norm of a row.", FELL_PER_NET, 0}};

static fell_status look(fell_probe_call *c)
{
    double *n = fell_scratch(c->ctx, c->plan->rows, sizeof *n);
    if (!n || fell_probe_each_row(c, 0, c->plan->rows, NULL, NULL, n, NULL, NULL, NULL) != FELL_OK)
        return FELL_ERROR;
    double q = 0;
    for (int64_t i = 0; i < c->plan->rows; i++)
        q += n[i];
    return fell_record(c, 0, 0, 0, q / (double)c->plan->rows);
}

static const fell_probe item = {.item = FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "Is wrong."),
                                FELL_PROBE_TABLES(numbers, NULL, 0),
                                .look = look};

FELL_PLUGIN("1.0", "", &item.item);
