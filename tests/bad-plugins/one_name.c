/* fails: settings
 * Two of its classes have one name. */
#include "bad.h"

static const char *const names[] = {"yes", "no", "yes"};

static fell_status open(fell_data_info *info)
{
    info->rows = 30;
    info->x = info->target = fell_vec(1);
    info->is = FELL_CLASSES;
    info->nclasses = 3;
    info->class_names = names;
    return FELL_OK;
}

static fell_status read(fell_read_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->x[i] = (float)c->row[i];
        c->label[i] = (int32_t)(c->row[i] % 3);
    }
    return FELL_OK;
}

static void close(void *self)
{
    (void)self;
}

static const fell_dataset item = {FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "bad", "Three classes."), open,
                                  read, close};

FELL_PLUGIN("1.0", "", &item.item);
