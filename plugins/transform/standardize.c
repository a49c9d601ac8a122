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
    p->fit_passes = 2;
    p->fit_kept = 2 * fell_size(&p->in[0]);
    return FELL_OK;
}

/* In double, two passes, rows in order: first the means, then the squares around them. A column
 * that never changes has its value as mean and the deviation 1, so that it becomes 0. X or X64 [rows, cols];
 * KEPT [2, cols]: first values, and 1 where another came. */
static void fit_rows(int64_t pass, int64_t begin, int64_t rows, int64_t all, int64_t cols, const float *x,
                     const double *x64, double *kept, double *mean, double *deviation)
{
    double *first = kept, *changes = kept + cols;

    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            const double v = x64 ? x64[i * cols + j] : (double)x[i * cols + j];

            if (pass == 0) {
                first[j] = begin + i ? first[j] : v;
                changes[j] = begin + i && (changes[j] != 0.0 || v != first[j]);
                mean[j] = (begin + i ? mean[j] : 0.0) + v;
            } else {
                const double d = v - mean[j];

                deviation[j] = (begin + i ? deviation[j] : 0.0) + d * d;
            }
        }
    if (begin + rows < all)
        return;
    for (int64_t j = 0; j < cols; j++)
        if (pass == 0)
            mean[j] = changes[j] != 0.0 ? mean[j] / (double)all : first[j];
        else
            deviation[j] = changes[j] != 0.0 ? sqrt(deviation[j] / (double)all) : 1.0;
}

static fell_status fit_all(fell_layer_call *c, const float *x, const double *x64, double *mean,
                           double *deviation)
{
    const int64_t cols = fell_size(&c->plan->in[0]);
    double *kept = fell_scratch(c->ctx, 2 * cols, sizeof *kept);

    if (!kept)
        return FELL_ERROR;
    for (int64_t pass = 0; pass < 2; pass++)
        fit_rows(pass, 0, c->batch, c->batch, cols, x, x64, kept, mean, deviation);
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t cols = fell_size(&c->plan->in[0]);
    double *mean = fell_scratch(c->ctx, cols, sizeof *mean);
    double *deviation = fell_scratch(c->ctx, cols, sizeof *deviation);

    if (!mean || !deviation || fit_all(c, c->x[0], NULL, mean, deviation) != FELL_OK)
        return FELL_ERROR;
    for (int64_t j = 0; j < cols; j++) {
        c->tensor[MEAN][j] = (float)mean[j];
        c->tensor[DEVIATION][j] = (float)deviation[j];
    }
    return FELL_OK;
}

static fell_status fit64(fell_layer_call *c)
{
    return fit_all(c, NULL, c->x64, c->tensor64[MEAN], c->tensor64[DEVIATION]);
}

static fell_status fit_part(fell_layer_call *c, fell_fit_part *part)
{
    fit_rows(part->pass, part->row, c->batch, part->rows, fell_size(&c->plan->in[0]), NULL, c->x64,
             part->kept, c->tensor64[MEAN], c->tensor64[DEVIATION]);
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
    .fit_part = fit_part,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &standardize.item);
