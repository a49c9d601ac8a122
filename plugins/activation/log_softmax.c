/* log_softmax.c - rows of numbers as logarithms of probabilities. */
#include "../rows.h"
#include "fell/plugin.h"

enum { BLOCK = 64 }; /* rows at a time, so that exponentials and logarithms vectorise */

/* y_j = (x_j - max) - log(sum of exp(x_k - max)): no exponential overflows. */
FELL_KERNEL(forward, fell_activation_call)
{
    const int64_t rows = c->rows, cols = c->cols;
    float *e = fell_scratch(c->ctx, BLOCK * cols, sizeof *e), sum[BLOCK];

    if (!e)
        return FELL_ERROR;
    for (int64_t begin = 0; begin < rows; begin += BLOCK) {
        const int64_t m = rows - begin < BLOCK ? rows - begin : BLOCK, n = m * cols;
        const float *x = c->x + begin * cols;
        float *y = c->y + begin * cols;

        for (int64_t i = 0; i < m; i++) {
            const float max = rows_max(x + i * cols, cols);

            FELL_EACH for (int64_t j = 0; j < cols; j++) y[i * cols + j] = x[i * cols + j] - max;
        }
        FELL_EACH for (int64_t j = 0; j < n; j++) e[j] = fell_exp(y[j]);
        for (int64_t i = 0; i < m; i++)
            sum[i] = rows_sum(e + i * cols, cols);
        FELL_EACH for (int64_t i = 0; i < m; i++) sum[i] = fell_log(sum[i]);
        for (int64_t i = 0; i < m; i++)
            FELL_EACH for (int64_t j = 0; j < cols; j++) y[i * cols + j] -= sum[i];
    }
    return FELL_OK;
}

/* dx = dy - exp(y) (sum of dy), row by row. */
FELL_KERNEL(backward, fell_activation_call)
{
    const int64_t rows = c->rows, cols = c->cols;
    float *e = fell_scratch(c->ctx, BLOCK * cols, sizeof *e);

    if (!e)
        return FELL_ERROR;
    for (int64_t begin = 0; begin < rows; begin += BLOCK) {
        const int64_t m = rows - begin < BLOCK ? rows - begin : BLOCK, n = m * cols;
        const float *y = c->y + begin * cols, *dy = c->dy + begin * cols;
        float *dx = c->dx + begin * cols;

        FELL_EACH for (int64_t j = 0; j < n; j++) e[j] = fell_exp(y[j]);
        for (int64_t i = 0; i < m; i++) {
            const float sum = rows_sum(dy + i * cols, cols);

            FELL_EACH for (int64_t j = i * cols; j < (i + 1) * cols; j++) dx[j] = dy[j] - e[j] * sum;
        }
    }
    return FELL_OK;
}

static const fell_activation log_softmax = {
    .item = FELL_ITEM0(
        FELL_KIND_ACTIVATION, fell_activation, "log_softmax",
        "Turns the numbers of a row into logarithms of probabilities that add up to 1.\n\n"
        "y_j = x_j - log(sum over k of exp(x_k)), over the last dimension. To be put before nll or\n"
        "kl_divergence; cross_entropy contains it. As PyTorch's LogSoftmax."),
    .flags = FELL_ROWWISE,
    .yields = FELL_LOGPROB,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &log_softmax.item);
