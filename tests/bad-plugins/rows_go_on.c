/* fails: rows at once
 * Asked for more than one row, it counts from the last one that was read before, as of a file. */
#include "dataset.h"

static fell_status open(fell_data_info *info)
{
    info->self = calloc(1, sizeof(int64_t));
    return info->self ? open_rows(info) : fell_fail(info->ctx, "no memory");
}

static fell_status read(fell_read_call *c)
{
    int64_t *at = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = (c->row[i] + (c->n > 1 ? *at : 0)) % ROWS;

        c->x[2 * i] = (float)row;
        c->x[2 * i + 1] = (float)(row % 3);
        c->target[i] = (float)row;
    }
    *at = c->row[c->n - 1];
    return FELL_OK;
}

BAD_DATASET(open, read);
