/* The step that would take the loss to 0; the rate is only its largest, and often without effect. */
#include <fell/plugin.h>

struct polyak {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct polyak, lr, 1, 0, INFINITY, FELL_MAX_OPEN, "The largest rate."),
};

static fell_status step(fell_optimizer_call *c)
{
    double square = 0.0, rate;

    for (int64_t i = 0; i < c->n; i++)
        square += (double)c->g[i] * (double)c->g[i];
    rate = square > 0.0 ? fmin(c->lr, c->loss / square) : c->lr;
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)rate * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "polyak", "Polyak's step.", struct polyak, params),
    .step = step,
    .reach = FELL_WHOLE};

FELL_PLUGIN("1.0", "", &item.item);
