/* @.c - an optimizer: say what it does. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. lr must be there. */
struct settings {
    double lr, momentum;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 1e-2, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Learning rate, above 0."),
    FELL_FLOAT(struct settings, momentum, 0.9, 0, 1, FELL_MAX_OPEN,
               "Share of the last step kept, in [0, 1)."),
};

/* What it remembers of each weight; zero before the first step. */
static const fell_slot slots[] = {{.name = "velocity", .doc = "The last step, but for the rate."}};

/* One step of n weights. The rate is c->lr, after the schedule, and not settings->lr. */
FELL_KERNEL(step, fell_optimizer_call)
{
    const float lr = (float)c->lr, momentum = (float)((const struct settings *)c->settings)->momentum;
    float *v = c->slot[0];

    for (int64_t i = 0; i < c->n; i++) {
        v[i] = momentum * v[i] + c->g[i];
        c->w[i] -= lr * v[i];
    }
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(
        FELL_KIND_OPTIMIZER, fell_optimizer, "@",
        "One sentence: what it does.\n\nv = momentum v + g; w = w - lr v. Say where the rule is from.",
        struct settings, params),
    .slots = slots,
    .nslots = 1,
    .step = step,
    .reach = FELL_EACH_WEIGHT}; /* the rule sees each weight alone; else FELL_TENSOR */

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
