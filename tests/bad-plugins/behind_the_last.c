/* fails: outside reads
 * Has memory for all numbers but the last one, which is what lies behind. */
#include <stdlib.h>

#include "fell/plugin.h"

enum { ROWS = 20, EACH = 3 };

static fell_status open_it(fell_data_info *i)
{
    float *x = malloc((ROWS * EACH - 1) * sizeof *x);
    if (!x)
        return fell_fail(i->ctx, "no memory");
    fell_uniform(i->ctx, x, ROWS * EACH - 1);
    i->self = x;
    i->rows = ROWS;
    i->x = fell_vec(2);
    i->target = fell_vec(1);
    i->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_it(fell_read_call *c)
{
    const float *x = c->self;
    for (int64_t i = 0; i < c->n; i++) {
        memcpy(c->x + 2 * i, x + 3 * c->row[i], 8);
        c->target[i] = x[3 * c->row[i] + 2];
    }
    return FELL_OK;
}

static const fell_dataset item = {.item = FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "bad", "Is wrong."),
                                  .open = open_it,
                                  .read = read_it,
                                  .close = free};

FELL_PLUGIN("1.0", "", &item.item);
