/* fails: row marks
 * Weighs rows by a number that is below 0 for some. */
#include "dataset.h"

static fell_status open(fell_data_info *info)
{
    float *weight = malloc(ROWS * sizeof *weight);

    if (!weight)
        return fell_fail(info->ctx, "no memory");
    for (int64_t i = 0; i < ROWS; i++)
        weight[i] = 17.5f - (float)i;
    info->self = weight;
    info->weight = weight;
    return open_rows(info);
}

BAD_DATASET(open, read_rows);
