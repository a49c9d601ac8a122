/* dataset.h - rows of two numbers, for datasets that say something wrong of them: whatever MARKS does with
 * INFO. */
#ifndef DATASET_H
#define DATASET_H

#include <stdlib.h>

#include "bad.h"

enum { ROWS = 20 };

static fell_status open_rows(fell_data_info *info)
{
    info->rows = ROWS;
    info->x = fell_vec(2);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_rows(fell_read_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->x[2 * i] = (float)c->row[i];
        c->x[2 * i + 1] = (float)(c->row[i] % 3);
        c->target[i] = (float)c->row[i];
    }
    return FELL_OK;
}

static inline void close_rows(void *self)
{
    free(self);
}

#define BAD_DATASET(open, read) BAD_DATASET_CLOSED(open, read, close_rows)
#define BAD_DATASET_CLOSED(open, read, close)                                                                \
    static const fell_dataset item = {FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "bad", "Twenty rows."),    \
                                      open, read, close};                                                    \
    FELL_PLUGIN("1.0", "", &item.item)

#endif
