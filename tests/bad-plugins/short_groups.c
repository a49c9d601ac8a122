/* fails: outside reads, row marks
 * Says the group of each pair of rows, where one is wanted for each row. What lies behind the list is another
 * one of the same numbers, so that no other check sees something that changes. */
#include "dataset.h"

enum { BLOCKS = 64, NUMBERS = ROWS / 2 + 1 };

struct lists {
    int64_t *list[BLOCKS];
};

static void close_lists(void *self)
{
    struct lists *l = self;

    for (int b = 0; b < BLOCKS; b++)
        free(l->list[b]);
    free(l);
}

static fell_status open(fell_data_info *info)
{
    struct lists *l = calloc(1, sizeof *l);

    for (int b = 0; l && b < BLOCKS; b++) {
        l->list[b] = malloc(NUMBERS * sizeof(int64_t));
        for (int64_t i = 0; l->list[b] && i < NUMBERS; i++)
            l->list[b][i] = i;
    }
    if (!l)
        return fell_fail(info->ctx, "no memory");
    info->self = l;
    info->group = l->list[0];
    for (int a = 0; a < BLOCKS; a++)
        for (int b = 0; b < BLOCKS; b++)
            if ((char *)l->list[b] == (char *)l->list[a] + (NUMBERS + 1) * sizeof(int64_t))
                info->group = l->list[a];
    return open_rows(info);
}

BAD_DATASET_CLOSED(open, read_rows, close_lists);
