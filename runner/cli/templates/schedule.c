/* @.c - a schedule of the learning rate: say what it does. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. */
struct settings {
    double decay;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, decay, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "How fast the rate falls, from 0 up."),
};

/* Asked before every step: c->lr is the optimizer's rate, or that of the schedule before
 * in a list; leave there the rate of this step. A pure function of c: see fell/plugin.h,
 * section 7, for epoch, epochs, step, steps and history. */
static fell_status rate(fell_schedule_call *c)
{
    const struct settings *s = c->settings;

    c->lr /= 1.0 + s->decay * (double)c->epoch;
    return FELL_OK;
}

static const fell_schedule item = {FELL_ITEM(FELL_KIND_SCHEDULE, fell_schedule, "@",
                                             "One sentence: what it does.\n\n"
                                             "lr = lr / (1 + decay epoch), with epochs from 0.",
                                             struct settings, params),
                                   rate};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
