/* fails: descent
 * Leaves out the last row of a matrix. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

static fell_status step(fell_optimizer_call *c)
{
    const int64_t n =
        c->shape && c->shape->rank == 2 && c->shape->dim[0] > 1 ? c->n - c->shape->dim[1] : c->n;

    for (int64_t i = 0; i < n; i++)
        c->w[i] -= (float)c->lr * c->g[i];
    return FELL_OK;
}

static const fell_optimizer item = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad",
                                                      "Gradient descent.", struct settings, params),
                                    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
