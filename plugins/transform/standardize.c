/* standardize.c - each column to mean 0 and deviation 1.
 *
 * A column is one position of a row: of an image, one pixel. Fitted on the
 * training rows alone.
 */
#include "fell/plugin.h"

enum { MEAN, DEVIATION };

static const fell_tensor tensors[] = {
    {"mean", "Mean of each column over the training rows.", "zeros", FELL_STATE},
    {"deviation", "Standard deviation of each column over the training rows, 1 where it is constant.",
     "{constant: {value: 1}}", FELL_STATE},
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[MEAN] = p->in[0];
    p->tensor[DEVIATION] = p->in[0];
    return FELL_OK;
}

/* In double, two passes, rows in order: first the means, then the squares around them. A column
 * that never changes has its value as mean and the deviation 1, so that it becomes 0. X or X64 [rows, cols].
 */
static fell_status fit_columns(fell_layer_call *c, const float *x, const double *x64, double *mean,
                               double *deviation)
{
    const int64_t rows = c->batch, cols = fell_size(&c->plan->in[0]);
    bool *constant = fell_scratch(c->ctx, cols, sizeof *constant);
    double *row = fell_scratch(c->ctx, cols, sizeof *row), *first = fell_scratch(c->ctx, cols, sizeof *first);

    if (!constant || !row || !first)
        return FELL_ERROR;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = 0; j < cols; j++)
                row[j] = x64 ? x64[i * cols + j] : (double)x[i * cols + j];
            for (int64_t j = 0; j < cols && pass == 0; j++) {
                first[j] = i ? first[j] : row[j];
                constant[j] = (i == 0 || constant[j]) && row[j] == first[j];
                mean[j] = (i ? mean[j] : 0.0) + row[j];
            }
            for (int64_t j = 0; j < cols && pass == 1; j++) {
                const double d = row[j] - mean[j];

                deviation[j] = (i ? deviation[j] : 0.0) + d * d;
            }
        }
        for (int64_t j = 0; j < cols && pass == 0; j++)
            mean[j] = constant[j] ? first[j] : mean[j] / (double)rows;
    }
    for (int64_t j = 0; j < cols; j++)
        deviation[j] = constant[j] ? 1.0 : sqrt(deviation[j] / (double)rows);
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t cols = fell_size(&c->plan->in[0]);
    double *mean = fell_scratch(c->ctx, cols, sizeof *mean);
    double *deviation = fell_scratch(c->ctx, cols, sizeof *deviation);

    if (!mean || !deviation || fit_columns(c, c->x[0], NULL, mean, deviation) != FELL_OK)
        return FELL_ERROR;
    for (int64_t j = 0; j < cols; j++) {
        c->tensor[MEAN][j] = (float)mean[j];
        c->tensor[DEVIATION][j] = (float)deviation[j];
    }
    return FELL_OK;
}

static fell_status fit64(fell_layer_call *c)
{
    return fit_columns(c, NULL, c->x64, c->tensor64[MEAN], c->tensor64[DEVIATION]);
}

FELL_KERNEL(forward, fell_layer_call)
{
    const int64_t cols = fell_size(&c->plan->in[0]);
    const float *mean = c->tensor[MEAN], *deviation = c->tensor[DEVIATION];

    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * cols;
        float *y = c->y + i * cols;

        FELL_EACH for (int64_t j = 0; j < cols; j++) y[j] = (x[j] - mean[j]) / deviation[j];
    }
    return FELL_OK;
}

static fell_status forward64(fell_layer_call *c)
{
    const int64_t cols = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * cols; i++)
        c->y64[i] = (c->x64[i] - c->tensor64[MEAN][i % cols]) / c->tensor64[DEVIATION][i % cols];
    return FELL_OK;
}

static const fell_layer standardize = {
    .item =
        FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "standardize",
                   "Shifts and scales each column to mean 0 and standard deviation 1.\n\n"
                   "y = (x - mean) / deviation, with the mean and the population deviation of the training\n"
                   "rows; constant columns become 0."),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .fit = fit,
    .fit64 = fit64,
    .forward64 = forward64,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &standardize.item);
