/* Moves one weight a step, that of the largest gradient. */
#include <fell/plugin.h>

struct greedy {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct greedy, lr, 0.1, 0, INFINITY, FELL_MAX_OPEN, "Learning rate."),
};

static fell_status step(fell_optimizer_call *c)
{
    int64_t at = 0;

    for (int64_t i = 1; i < c->n; i++)
        if (fabsf(c->g[i]) > fabsf(c->g[at]))
            at = i;
    if (c->n)
        c->w[at] -= (float)c->lr * c->g[at];
    return FELL_OK;
}

static const fell_optimizer item = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "greedy",
                                                      "One weight a step.", struct greedy, params),
                                    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
