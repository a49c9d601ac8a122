/* standardize.c - each column to mean 0 and deviation 1.
 *
 * A column is one position of a row: of an image, one pixel. Fitted on the
 * training rows alone.
 */
#include "fell/plugin.h"

enum { MEAN, DEVIATION };

static const fell_tensor tensors[] = {
    {"mean", "Mean of each column over the training rows, 0 where it is constant.", "zeros", FELL_STATE},
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

/* In double, two passes, rows in order: first the means, then the squares around them. */
static fell_status fit(fell_layer_call *c)
{
    const int64_t rows = c->batch, cols = fell_size(&c->plan->in[0]);
    const float *x = c->x[0];
    float *mean = c->tensor[MEAN], *deviation = c->tensor[DEVIATION];
    double *sum = fell_scratch(c->ctx, cols, sizeof *sum);
    double *squares = fell_scratch(c->ctx, cols, sizeof *squares);
    bool *constant = fell_scratch(c->ctx, cols, sizeof *constant);

    if (!sum || !squares || !constant)
        return FELL_ERROR;
    for (int64_t j = 0; j < cols; j++) {
        sum[j] = squares[j] = 0.0;
        constant[j] = true;
    }
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            sum[j] += (double)x[i * cols + j];
            constant[j] &= x[i * cols + j] == x[j];
        }
    for (int64_t j = 0; j < cols; j++)
        sum[j] /= (double)rows;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            const double d = (double)x[i * cols + j] - sum[j];

            squares[j] += d * d;
        }
    for (int64_t j = 0; j < cols; j++) {
        mean[j] = constant[j] ? 0.0f : (float)sum[j];
        deviation[j] = constant[j] ? 1.0f : (float)sqrt(squares[j] / (double)rows);
    }
    return FELL_OK;
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

static const fell_layer standardize = {
    .item =
        FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "standardize",
                   "Shifts and scales each column to mean 0 and standard deviation 1.\n\n"
                   "y = (x - mean) / deviation, with the mean and the population deviation of the training\n"
                   "rows; constant columns are left as they are."),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .fit = fit,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &standardize.item);
