/* one_cycle.c - up to a high learning rate and far down again, step by step. */
#include "fell/plugin.h"
#include "schedule.h"

enum { COSINE, LINEAR };

struct one_cycle {
    double max_lr;
    int64_t total_steps;
    double pct_start;
    int32_t anneal_strategy;
    double div_factor, final_div_factor;
    bool three_phase;
};

static const fell_param params[] = {
    FELL_FLOAT(struct one_cycle, max_lr, 0, 0, INFINITY, FELL_MAX_OPEN,
               "Learning rate at the top, 0 or more; 0: the optimizer's."),
    FELL_INT(struct one_cycle, total_steps, 0, 0, 1LL << 40, 0,
             "Optimizer steps of the cycle, 0 or more, after which the last rate stays; 0: those of the "
             "whole run."),
    FELL_FLOAT(struct one_cycle, pct_start, 0.3, 0, 1, 0, "Share of the steps that lead up, in [0, 1]."),
    FELL_ENUM(struct one_cycle, anneal_strategy, "cos", "cos|linear",
              "Along half a cosine wave or along a line, cos or linear."),
    FELL_FLOAT(struct one_cycle, div_factor, 25, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "The first rate is the top's divided by this, above 0."),
    FELL_FLOAT(struct one_cycle, final_div_factor, 1e4, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "The last rate is the first divided by this, above 0."),
    FELL_BOOL(struct one_cycle, three_phase, false,
              "Come down to the first rate as fast as up, then to the last, true or false."),
};

/* Where each phase ends, in steps from 0, and its rate there. */
struct phase {
    double end, lr;
};

static fell_status rate(fell_schedule_call *c)
{
    const struct one_cycle *s = c->settings;
    const double top = s->max_lr > 0.0 ? s->max_lr : c->lr, first = top / s->div_factor;
    const double steps = (double)(s->total_steps > 0 ? s->total_steps : c->steps), up = s->pct_start * steps;
    const struct phase last = {steps - 1.0, first / s->final_div_factor};
    const struct phase phases[] = {
        {up - 1.0, top}, s->three_phase ? (struct phase){2.0 * up - 2.0, first} : last, last};
    const double step = (double)c->step;
    struct phase from = {0.0, first};
    int i = 0;
    double part;

    for (; i < 2 && step > phases[i].end; i++)
        from = phases[i];
    part = phases[i].end > from.end ? (step - from.end) / (phases[i].end - from.end) : 1.0;
    part = part < 1.0 ? part : 1.0;
    c->lr = s->anneal_strategy == COSINE ? schedule_glide(from.lr, phases[i].lr, part)
                                         : from.lr + (phases[i].lr - from.lr) * part;
    return FELL_OK;
}

static const fell_schedule one_cycle = {
    FELL_ITEM(
        FELL_KIND_SCHEDULE, fell_schedule, "one_cycle",
        "Lets the learning rate climb from low to high and fall to far below, once, step by step.\n\n"
        "From max_lr / div_factor up to max_lr in pct_start of the steps, then down to\n"
        "max_lr / (div_factor final_div_factor); rates between are taken along half a cosine wave or\n"
        "a line. As PyTorch's OneCycleLR with cycle_momentum off. L. Smith and N. Topin,\n"
        "\"Super-convergence: very fast training of neural networks using large learning rates\", 2018.",
        struct one_cycle, params),
    rate};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &one_cycle.item);
