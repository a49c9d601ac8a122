/* exponential.c - the learning rate falls by a factor every epoch. */
#include "../power.h"
#include "fell/plugin.h"
#include "schedule.h"

struct exponential {
    double gamma;
};

static const fell_param params[] = {
    SCHEDULE_GAMMA(struct exponential, 0, FELL_REQUIRED, "epoch"),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct exponential *s = c->settings;

    c->lr *= power_whole(s->gamma, c->epoch);
    return FELL_OK;
}

static const fell_schedule exponential = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "exponential",
              "Multiplies the learning rate by gamma after every epoch.\n\n"
              "rate = lr gamma^epoch, as PyTorch's ExponentialLR.",
              struct exponential, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &exponential.item);
