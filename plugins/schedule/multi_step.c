/* multi_step.c - the learning rate falls by a factor at given epochs. */
#include "../power.h"
#include "fell/plugin.h"
#include "schedule.h"

struct multi_step {
    fell_ints milestones;
    double gamma;
};

static const fell_param params[] = {
    FELL_INTS(struct multi_step, milestones, NULL, 0, 1LL << 40, FELL_REQUIRED,
              "Epochs, from 0, that begin with a fall, in any order; one that stands twice counts twice."),
    SCHEDULE_GAMMA(struct multi_step, 0.1, 0, "fall"),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct multi_step *s = c->settings;
    int64_t falls = 0;

    for (int64_t i = 0; i < s->milestones.n; i++)
        falls += s->milestones.v[i] <= c->epoch;
    c->lr *= power_whole(s->gamma, falls);
    return FELL_OK;
}

static const fell_schedule multi_step = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "multi_step",
              "Multiplies the learning rate by gamma at each of the given epochs.\n\n"
              "rate = lr gamma^(number of milestones <= epoch), as PyTorch's MultiStepLR.",
              struct multi_step, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &multi_step.item);
