/* data_scale.c - `data.scale_target`: targets of mean 0 and deviation 1 for training, and the way back to
 * their own units. See data.h and data_parts.h.
 *
 * Fitted on the training rows, in double; a column that never changes becomes 0, as in the transform
 * standardize. The loss is of scaled targets; metrics are not (measure.c).
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"

/* Mean and deviation of column J over the rows. */
static void fit(const struct rows *r, int64_t cols, int64_t j, double *mean, double *deviation)
{
    double sum = 0.0, squares = 0.0;
    bool changes = false;

    for (int64_t i = 0; i < r->n; i++) {
        sum += (double)r->target[i * cols + j];
        changes |= r->target[i * cols + j] != r->target[j];
    }
    *mean = changes ? sum / (double)r->n : (double)r->target[j];
    for (int64_t i = 0; i < r->n; i++) {
        const double d = (double)r->target[i * cols + j] - *mean;

        squares += d * d;
    }
    *deviation = changes ? sqrt(squares / (double)r->n) : 1.0;
}

status data_scale_targets(const struct spec *spec, struct data *data, struct problem *p)
{
    const int64_t cols = data->target_size;

    if (spec->data.scale_target == SPEC_SCALE_NONE)
        return OK;
    data->target_mean = mem_array((size_t)cols, sizeof *data->target_mean);
    data->target_deviation = mem_array((size_t)cols, sizeof *data->target_deviation);
    for (int64_t j = 0; j < cols; j++) {
        fit(&data->split[SPLIT_TRAIN], cols, j, &data->target_mean[j], &data->target_deviation[j]);
        if (!(data->target_deviation[j] > 0.0) || !isfinite(data->target_deviation[j]))
            return problem_set(p, "data.scale_target", 0, "",
                               "data.scale_target: column %lld of the targets has the deviation %g",
                               (long long)j + 1, data->target_deviation[j]);
    }
    for (enum split s = 0; s < SPLITS; s++) {
        struct rows *r = &data->split[s];

        for (int64_t i = 0; i < r->n * cols; i++)
            r->target[i] = (float)(((double)r->target[i] - data->target_mean[i % cols]) /
                                   data->target_deviation[i % cols]);
    }
    return OK;
}

void data_own_units(const struct data *d, const float *scaled, int64_t n, float *own)
{
    const int64_t cols = d->target_size;

    for (int64_t i = 0; i < n * cols; i++)
        own[i] = (float)((double)scaled[i] * d->target_deviation[i % cols] + d->target_mean[i % cols]);
}
