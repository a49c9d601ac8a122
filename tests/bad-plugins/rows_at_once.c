/* fails: rows at once
 * Reads one row, whatever it is asked for. */
#include "bad.h"

static fell_status open(fell_data_info *info)
{
    info->rows = 20;
    info->x = fell_vec(2);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read(fell_read_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->x[0] = (float)c->row[i];
        c->x[1] = (float)(c->row[i] % 3);
        c->target[0] = c->x[0] + c->x[1];
    }
    return FELL_OK;
}

static void close(void *self)
{
    (void)self;
}

static const fell_dataset item = {
    .item = FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "bad", "Sums of small numbers."),
    .open = open,
    .read = read,
    .close = close};

FELL_PLUGIN("1.0", "", &item.item);
