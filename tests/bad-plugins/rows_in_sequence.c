/* fails: rows at once
 * Takes the first row's number, and counts on from it. */
#include "bad.h"

static fell_status open(fell_data_info *info)
{
    info->rows = 20;
    info->x = fell_vec(1);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read(fell_read_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->x[i] = (float)(c->row[0] + i);
        c->target[i] = 2.0f * c->x[i];
    }
    return FELL_OK;
}

static void close(void *self)
{
    (void)self;
}

static const fell_dataset item = {.item = FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "bad", "Even numbers."),
                                  .open = open,
                                  .read = read,
                                  .close = close};

FELL_PLUGIN("1.0", "", &item.item);
