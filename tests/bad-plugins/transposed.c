/* fails: order of weights
 * Takes the mean square of a column where it means a row's. */
#include "bad.h"

struct settings {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, lr, 0.01, 0, INFINITY, FELL_MAX_OPEN, "Rate.")};

/* Of the N numbers at G, STRIDE apart. */
static float size_of(const float *g, int64_t n, int64_t stride)
{
    double sum = 1e-12;

    for (int64_t i = 0; i < n; i++)
        sum += (double)g[i * stride] * (double)g[i * stride];
    return (float)sqrt(sum / (double)n);
}

static fell_status step(fell_optimizer_call *c)
{
    const bool matrix = c->shape && c->shape->rank == 2;
    const int64_t rows = matrix ? c->shape->dim[0] : 1, cols = c->n / rows;

    for (int64_t i = 0; i < c->n; i++)
        c->w[i] -= (float)c->lr * c->g[i] / size_of(c->g + i / cols % cols, rows, cols);
    return FELL_OK;
}

static const fell_optimizer item = {
    .item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "bad", "Normed rows.", struct settings, params),
    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
