/* @.c - a probe: say what it records. */
#include <fell/probe.h>

/* What it records, and of what: the net, each entry, tensor, unit or row. */
enum { CHANGED };

static const fell_number numbers[] = {
    [CHANGED] = {"sign_changed", "Share of weights whose sign is not what it was before the first step.",
                 FELL_PER_TENSOR, 0},
};

/* One look: before the first step, after epochs, after the last. */
static fell_status look(fell_probe_call *c)
{
    for (int64_t t = 0; t < c->plan->ntensors; t++) {
        const fell_tensor_view *v = &c->plan->tensor[t];
        int64_t changed = 0;

        for (int64_t i = v->at; i < v->at + v->n; i++)
            changed += (c->w[i] < 0.0f) != (c->first[i] < 0.0f);
        if (fell_record(c, CHANGED, t, 0, (double)changed / (double)v->n) != FELL_OK)
            return FELL_ERROR;
    }
    return FELL_OK;
}

static const fell_probe item = {
    FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "@", "One sentence: what it records."),
    FELL_PROBE_TABLES(numbers, NULL, 0), .look = look};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
