/* linear.c - the learning rate goes along a line from one factor to another. */
#include "fell/plugin.h"
#include "schedule.h"

struct linear {
    double start_factor, end_factor;
    int64_t period;
};

static const fell_param params[] = {
    FELL_FLOAT(struct linear, start_factor, 1.0 / 3, 0, 1, 0,
               "Factor of the learning rate in the first epoch, in [0, 1]."),
    FELL_FLOAT(struct linear, end_factor, 1, 0, 1, 0, "Factor from epoch `period` on, in [0, 1]."),
    SCHEDULE_PERIOD(struct linear, 5, 0, "Epochs from the first factor to the last, at least 1."),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct linear *s = c->settings;
    const double part = c->epoch < s->period ? (double)c->epoch / (double)s->period : 1.0;

    c->lr *= s->start_factor + (s->end_factor - s->start_factor) * part;
    return FELL_OK;
}

static const fell_schedule linear = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "linear",
              "Lets the learning rate go along a line from one share of it to another.\n\n"
              "rate = lr (start_factor + (end_factor - start_factor) min(epoch, period) / period), as\n"
              "PyTorch's LinearLR.",
              struct linear, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &linear.item);
