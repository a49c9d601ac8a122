/* Means of squares of rows and of columns in place of those of all weights; looks at the shape in every call
 * but the empty one, which has none. */
#include <fell/plugin.h>

struct factored {
    double lr;
};

static const fell_param params[] = {
    FELL_FLOAT(struct factored, lr, 1e-2, 0, INFINITY, FELL_MAX_OPEN, "Learning rate."),
};

static fell_status step(fell_optimizer_call *c)
{
    const bool matrix = c->shape && c->shape->rank == 2;
    const int64_t rows = matrix ? c->shape->dim[0] : 1, cols = matrix ? c->shape->dim[1] : c->n;
    double *row = fell_scratch(c->ctx, rows, sizeof *row), *col = fell_scratch(c->ctx, cols, sizeof *col);
    double all = 1e-30;

    if (!row || !col)
        return FELL_ERROR;
    memset(row, 0, (size_t)rows * sizeof *row);
    memset(col, 0, (size_t)cols * sizeof *col);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < cols; j++) {
            const double square = (double)c->g[r * cols + j] * (double)c->g[r * cols + j] + 1e-12;

            row[r] += square;
            col[j] += square;
            all += square;
        }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < cols; j++)
            c->w[r * cols + j] -= (float)(c->lr * (double)c->g[r * cols + j] / sqrt(row[r] * col[j] / all));
    return FELL_OK;
}

static const fell_optimizer item = {.item = FELL_ITEM(FELL_KIND_OPTIMIZER, fell_optimizer, "factored",
                                                      "Factored steps.", struct factored, params),
                                    .step = step};

FELL_PLUGIN("1.0", "", &item.item);
