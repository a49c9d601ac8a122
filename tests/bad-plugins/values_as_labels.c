/* fails: settings
 * Gives labels where it is asked for values. */
#include "fell/plugin.h"
static fell_status open_(fell_data_info *i)
{
    i->rows = 20;
    i->x = fell_vec(3);
    i->target = fell_vec(1);
    i->is = i->wanted;
    i->nclasses = 2;
    return FELL_OK;
}
static fell_status read_(fell_read_call *c)
{
    for (int64_t k = 0; k < c->n; k++) {
        for (int j = 0; j < 3; j++)
            c->x[k * 3 + j] = (float)((c->row[k] * 7 + j * 3) % 11);
        c->label[k] = (int32_t)(c->row[k] % 2);
    }
    return FELL_OK;
}
static void close_(void *s)
{
    (void)s;
}
static const fell_dataset item = {FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "bad", "Data."), open_, read_,
                                  close_};
FELL_PLUGIN("1.0", "", &item.item);
