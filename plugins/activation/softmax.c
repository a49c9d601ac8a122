/* softmax.c - rows of numbers as probabilities. */
#include "../rows.h"
#include "fell/plugin.h"

/* The largest of the row is taken off first, so that no exponential overflows. */
FELL_KERNEL(forward, fell_activation_call)
{
    const int64_t rows = c->rows, cols = c->cols, n = rows * cols;
    float *y = c->y;

    for (int64_t i = 0; i < rows; i++) {
        const float *x = c->x + i * cols;
        const float max = rows_max(x, cols);

        FELL_EACH for (int64_t j = 0; j < cols; j++) y[i * cols + j] = x[j] - max;
    }
    FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = fell_exp(y[j]);
    for (int64_t i = 0; i < rows; i++) {
        const float scale = 1.0f / rows_sum(y + i * cols, cols);

        FELL_EACH for (int64_t j = 0; j < cols; j++) y[i * cols + j] *= scale;
    }
    return FELL_OK;
}

/* dx = y (dy - y . dy), row by row. */
FELL_KERNEL(backward, fell_activation_call)
{
    const int64_t rows = c->rows, cols = c->cols;

    for (int64_t i = 0; i < rows; i++) {
        const float *y = c->y + i * cols, *dy = c->dy + i * cols;
        const float dot = rows_dot(y, dy, cols);
        float *dx = c->dx + i * cols;

        FELL_EACH for (int64_t j = 0; j < cols; j++) dx[j] = y[j] * (dy[j] - dot);
    }
    return FELL_OK;
}

static const fell_activation softmax = {
    .item =
        FELL_ITEM0(FELL_KIND_ACTIVATION, fell_activation, "softmax",
                   "Turns the numbers of a row into probabilities that add up to 1.\n\n"
                   "y_j = exp(x_j) / sum over k of exp(x_k), over the last dimension. Not to be put before\n"
                   "cross_entropy, which contains it. J. Bridle, \"Probabilistic interpretation of\n"
                   "feedforward classification network outputs\", 1990."),
    .flags = FELL_ROWWISE,
    .yields = FELL_PROB,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &softmax.item);
