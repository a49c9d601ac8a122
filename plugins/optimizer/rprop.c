/* rprop.c - steps that look at the sign of the gradient alone. */
#include "fell/plugin.h"
#include "optimizer.h"

struct rprop {
    double lr, eta_minus, eta_plus, step_min, step_max;
    bool maximize;
};

static const fell_param params[] = {
    FELL_FLOAT(struct rprop, lr, 1e-2, 0, INFINITY, FELL_MAX_OPEN,
               "The first step of every weight, 0 or more; the rate of later steps has no effect."),
    FELL_FLOAT(struct rprop, eta_minus, 0.5, 0, 1, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Factor of the step after the gradient changed its sign, between 0 and 1."),
    FELL_FLOAT(struct rprop, eta_plus, 1.2, 1, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Factor of the step while the gradient keeps its sign, above 1."),
    FELL_FLOAT(struct rprop, step_min, 1e-6, 0, INFINITY, FELL_MAX_OPEN, "Smallest step, 0 or more."),
    FELL_FLOAT(struct rprop, step_max, 50, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Largest step, above 0."),
    OPTIMIZER_MAXIMIZE(struct rprop),
};

static const fell_slot slots[] = {
    {"sign", "Sign of the last gradient; 0 after a change of sign.", NULL, 0, NULL},
    {"step", "Length of the last step.", NULL, 0, NULL},
};

FELL_KERNEL(step_all, fell_optimizer_call)
{
    const struct rprop *s = c->settings;
    const float minus = (float)s->eta_minus, plus = (float)s->eta_plus, lr = (float)c->lr;
    const float least = (float)s->step_min, most = (float)s->step_max;
    const float sign = optimizer_sign(s->maximize);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *last = c->slot[0], *step = c->slot[1];

    if (c->t == 1)
        for (int64_t i = 0; i < n; i++)
            step[i] = lr;
    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float now = optimizer_sign_of(sign * g[i]), turn = now * last[i];
        const float up = turn > 0.0f ? plus : 1.0f, factor = turn < 0.0f ? minus : up;
        float size = step[i] * factor;

        size = size < least ? least : size;
        size = size > most ? most : size;
        step[i] = size;
        last[i] = turn < 0.0f ? 0.0f : now;
        w[i] -= last[i] * size;
    }
    return FELL_OK;
}

static fell_status step(fell_optimizer_call *c)
{
    const struct rprop *s = c->settings;

    if (s->step_max < s->step_min)
        return fell_fail(c->ctx, "step_max: %g is below step_min, %g", s->step_max, s->step_min);
    return step_all(c);
}

static const fell_optimizer rprop = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "rprop",
        "Rprop: steps grow while the gradient keeps its sign and shrink when it changes; whole batches "
        "only.\n\n"
        "step *= eta_plus if g g_last > 0, eta_minus if < 0 (and then g = 0), kept in\n"
        "[step_min, step_max]; w -= sign(g) step; the first step is lr. M. Riedmiller and H. Braun,\n"
        "\"A direct adaptive method for faster backpropagation learning: the RPROP algorithm\", ICNN\n"
        "1993; as PyTorch, whose etas are eta_minus and eta_plus, and step_sizes step_min and step_max.",
        struct rprop, params),
    .slots = slots,
    .nslots = 2,
    .step = step,
    .reach = FELL_EACH_WEIGHT,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &rprop.item);
