/* fails: settings
 * Counts tensors where entries are meant. */
#include "fell/probe.h"

static const fell_number numbers[] = {{"size", "Mean absolute weight.", FELL_PER_LAYER, 0}};

static fell_status look(fell_probe_call *c)
{
    for (int64_t t = 0; t < c->plan->ntensors; t++) {
        const fell_tensor_view *v = &c->plan->tensor[t];
        double m = 0;
        for (int64_t i = v->at; i < v->at + v->n; i++)
            m += fabs(c->w[i]);
        if (fell_record(c, 0, t, 0, m / (double)v->n) != FELL_OK)
            return FELL_ERROR;
    }
    return FELL_OK;
}

static const fell_probe item = {.item = FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "Is wrong."),
                                FELL_PROBE_TABLES(numbers, NULL, 0),
                                .look = look};

FELL_PLUGIN("1.0", "", &item.item);
