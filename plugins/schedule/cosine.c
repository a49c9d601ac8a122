/* cosine.c - the learning rate glides down half a cosine wave. */
#include "fell/plugin.h"
#include "schedule.h"

struct cosine {
    int64_t period;
    double minimum;
};

static const fell_param params[] = {
    SCHEDULE_PERIOD(
        struct cosine, 0, FELL_REQUIRED,
        "Epochs from the full rate down to the minimum, at least 1; usually all epochs of the run."),
    SCHEDULE_MINIMUM(struct cosine),
};

static fell_status rate(fell_schedule_call *c)
{
    const struct cosine *s = c->settings;
    const double part = (double)(c->epoch % (2 * s->period)) / (double)s->period;

    c->lr = schedule_glide(c->lr, s->minimum, part);
    return FELL_OK;
}

static const fell_schedule cosine = {
    FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "cosine",
              "Lets the learning rate glide down to a minimum along half a cosine wave.\n\n"
              "rate = minimum + (lr - minimum) (1 + cos(pi epoch / period)) / 2, as PyTorch's\n"
              "CosineAnnealingLR: epochs after the period climb back up. I. Loshchilov and F. Hutter,\n"
              "\"SGDR: stochastic gradient descent with warm restarts\", ICLR 2017, equation 5.",
              struct cosine, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &cosine.item);
