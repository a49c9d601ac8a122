/* min_max.c - each column to a given range.
 *
 * A column is one position of a row: of an image, one pixel. Fitted on the
 * training rows alone, so later rows may lie outside the range.
 */
#include "fell/plugin.h"

struct min_max {
    double min, max;
};

static const fell_param params[] = {
    FELL_FLOAT(struct min_max, min, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "What the smallest value of a column becomes, any number below max."),
    FELL_FLOAT(struct min_max, max, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "What the largest value of a column becomes, any number above min."),
};

enum { LOWEST, RANGE };

static const fell_tensor tensors[] = {
    {"lowest", "Smallest value of each column in the training rows.", "zeros", FELL_STATE},
    {"range", "Largest value of each column less the smallest; 0 where it is constant.",
     "{constant: {value: 1}}", FELL_STATE},
};

static fell_status plan(fell_plan *p)
{
    const struct min_max *s = p->settings;

    if (!(s->min < s->max))
        return fell_fail(p->ctx, "max: %g is not above min, %g", s->max, s->min);
    p->out = p->in[0];
    p->tensor[LOWEST] = p->in[0];
    p->tensor[RANGE] = p->in[0];
    p->fit_passes = 1;
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t rows = c->batch, cols = fell_size(&c->plan->in[0]);
    const float *x = c->x[0];
    float *low = c->tensor[LOWEST], *high = c->tensor[RANGE];

    for (int64_t j = 0; j < cols; j++)
        low[j] = high[j] = x[j];
    for (int64_t i = 1; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            const float v = x[i * cols + j];

            low[j] = v < low[j] ? v : low[j];
            high[j] = v > high[j] ? v : high[j];
        }
    for (int64_t j = 0; j < cols; j++)
        high[j] -= low[j];
    return FELL_OK;
}

/* The range is the highest value till all rows were seen. */
static void fit_rows(fell_layer_call *c, int64_t begin, int64_t all)
{
    const int64_t cols = fell_size(&c->plan->in[0]);
    double *low = c->tensor64[LOWEST], *range = c->tensor64[RANGE];

    for (int64_t i = 0; i < c->batch; i++)
        for (int64_t j = 0; j < cols; j++) {
            const double v = c->x64[i * cols + j];

            low[j] = begin + i == 0 || v < low[j] ? v : low[j];
            range[j] = begin + i == 0 || v > range[j] ? v : range[j];
        }
    for (int64_t j = 0; j < cols && begin + c->batch == all; j++)
        range[j] -= low[j];
}

static fell_status fit64(fell_layer_call *c)
{
    fit_rows(c, 0, c->batch);
    return FELL_OK;
}

static fell_status fit_part(fell_layer_call *c, fell_fit_part *part)
{
    fit_rows(c, part->row, part->rows);
    return FELL_OK;
}

static fell_status forward64(fell_layer_call *c)
{
    const struct min_max *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]);
    const double *low = c->tensor64[LOWEST], *range = c->tensor64[RANGE];

    for (int64_t i = 0; i < c->batch * cols; i++) {
        const int64_t j = i % cols;

        c->y64[i] = s->min + (c->x64[i] - low[j]) / (range[j] > 0.0 ? range[j] : 1.0) * (s->max - s->min);
    }
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    const struct min_max *s = c->settings;
    const float min = (float)s->min, width = (float)(s->max - s->min);
    const int64_t cols = fell_size(&c->plan->in[0]);
    const float *low = c->tensor[LOWEST], *range = c->tensor[RANGE];

    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * cols;
        float *y = c->y + i * cols;

        FELL_EACH for (int64_t j = 0; j < cols; j++) y[j] =
            min + (x[j] - low[j]) / (range[j] > 0.0f ? range[j] : 1.0f) * width;
    }
    return FELL_OK;
}

static const fell_layer min_max = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "min_max",
        "Shifts and scales each column to a range, by default 0 to 1.\n\n"
        "y = min + (max - min) (x - lowest) / (highest - lowest), with the lowest and highest values\n"
        "of the training rows; where these are equal, a difference of 1 stands for theirs.",
        struct min_max, params),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .fit = fit,
    .fit64 = fit64,
    .forward64 = forward64,
    .fit_part = fit_part,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &min_max.item);
