/* A state of one number a tensor, and one for each weight that only some settings have. */
#include "fell/plugin.h"

struct settings {
    double lr, momentum;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Learning rate."),
    FELL_FLOAT(struct settings, momentum, 0, 0, 1, FELL_MAX_OPEN, "How much of the last step is kept."),
};

enum { LARGEST, LAST, SLOTS };

static const fell_slot slots[] = {
    [LARGEST] = {.name = "largest", .doc = "The longest gradient so far.", .scalar = 1},
    [LAST] = {.name = "last", .doc = "The last step.", .when = "momentum"},
};

static fell_status step(fell_optimizer_call *c)
{
    const struct settings *s = c->settings;
    double squares = 0.0, size;

    for (int64_t i = 0; i < c->n; i++)
        squares += (double)c->g[i] * (double)c->g[i];
    size = sqrt(squares);
    if (size > (double)c->slot[LARGEST][0])
        c->slot[LARGEST][0] = (float)size;
    for (int64_t i = 0; i < c->n; i++) {
        float move = (float)(c->lr * (double)c->g[i] / fmax((double)c->slot[LARGEST][0], 1e-8));

        if (c->slot[LAST]) {
            move += (float)s->momentum * c->slot[LAST][i];
            c->slot[LAST][i] = move;
        }
        c->w[i] -= move;
    }
    return FELL_OK;
}

static const fell_optimizer item = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "good",
                                                      "Gradients by the longest one so far.", struct settings,
                                                      params),
                                    .slots = slots,
                                    .nslots = SLOTS,
                                    .step = step,
                                    .reach = FELL_TENSOR};

FELL_PLUGIN("1.0", "", &item.item);
