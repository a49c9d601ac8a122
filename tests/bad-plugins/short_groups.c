/* fails: row marks
 * Says the group of each pair of rows, where one is wanted for each row. */
#include "dataset.h"

static fell_status open(fell_data_info *info)
{
    int64_t *group = malloc(ROWS / 2 * sizeof *group);

    if (!group)
        return fell_fail(info->ctx, "no memory");
    for (int64_t i = 0; i < ROWS / 2; i++)
        group[i] = i;
    info->self = group;
    info->group = group;
    return open_rows(info);
}

BAD_DATASET(open, read_rows);
