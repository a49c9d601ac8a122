/* fails: outside reads, row marks
 * Cuts the list of groups, one for each row, before its last two. They still lie behind what is left, which
 * the C library neither moves nor gives away for so few bytes: no other check sees something that changes. */
#include "dataset.h"

enum { SHORT = ROWS - 2 };

static fell_status open(fell_data_info *info)
{
    int64_t *group = malloc(ROWS * sizeof *group), *less;

    for (int64_t i = 0; group && i < ROWS; i++)
        group[i] = i / 2;
    less = group ? realloc(group, SHORT * sizeof *group) : NULL;
    if (!less)
        return fell_fail(info->ctx, "no memory");
    info->self = less;
    info->group = less;
    return open_rows(info);
}

BAD_DATASET(open, read_rows);
