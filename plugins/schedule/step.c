/* step.c - the learning rate falls by a factor every few epochs. */
#include "../power.h"
#include "fell/plugin.h"
#include "schedule.h"

struct step {
    int64_t every;
    double gamma;
};

static const fell_param params[] = {
    FELL_INT(struct step, every, 0, 1, 1LL << 40, FELL_REQUIRED,
             "Epochs from one fall to the next, at least 1."),
    SCHEDULE_GAMMA(struct step, 0.1, 0, "fall"),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct step *s = c->settings;

    c->lr *= power_whole(s->gamma, c->epoch / s->every);
    return FELL_OK;
}

static const fell_schedule step = {FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "step",
                                             "Multiplies the learning rate by gamma every few epochs.\n\n"
                                             "rate = lr gamma^floor(epoch / every), as PyTorch's StepLR.",
                                             struct step, params),
                                   rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &step.item);
