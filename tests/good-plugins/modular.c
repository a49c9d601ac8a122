/* Sums modulo p: rows in any order, as classes or as values. */
#include "fell/plugin.h"

struct settings {
    int64_t p;
};

static const fell_param params[] = {FELL_INT(struct settings, p, 11, 2, 101, 0, "The modulus.")};

static fell_status open(fell_data_info *info)
{
    const struct settings *s = info->settings;

    info->rows = s->p * s->p;
    info->x = fell_vec(2);
    info->target = fell_vec(1);
    info->is = (uint64_t)info->wanted;
    info->nclasses = s->p;
    return FELL_OK;
}

static fell_status read(fell_read_call *c)
{
    const struct settings *s = c->settings;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t a = c->row[i] / s->p, b = c->row[i] % s->p;

        c->x[2 * i] = (float)a;
        c->x[2 * i + 1] = (float)b;
        if (c->label)
            c->label[i] = (int32_t)((a + b) % s->p);
        if (c->target)
            c->target[i] = (float)((a + b) % s->p);
    }
    return FELL_OK;
}

static void close(void *self)
{
    (void)self;
}

static const fell_dataset item = {
    .item = FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "good", "Sums modulo p.", struct settings, params),
    .open = open,
    .read = read,
    .close = close};

FELL_PLUGIN("1.0", "", &item.item);
