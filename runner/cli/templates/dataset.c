/* @.c - a dataset: say what its rows are. */
#include <fell/plugin.h>

struct settings { /* what a spec can set; the fields' names are the keys in YAML */
    int64_t rows;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 100, 1, 1 << 24, 0, "Number of rows, at least 1."),
};

/* Says what there is. Files may be opened and memory taken here: put it into info->self
 * and give it back in close. A file's path is a FELL_STRING with FELL_PATH. */
static fell_status open(fell_data_info *info)
{
    info->rows = ((const struct settings *)info->settings)->rows;
    info->x = fell_vec(1);
    info->target = fell_vec(1);
    info->is = FELL_VALUES; /* or FELL_CLASSES, with nclasses */
    return FELL_OK;
}

static fell_status read(fell_read_call *c) /* the rows that are asked for, in their order */
{
    const int64_t rows = ((const struct settings *)c->settings)->rows;

    for (int64_t i = 0; i < c->n; i++) {
        c->x[i] = 2.0f * (float)c->row[i] / (float)rows - 1.0f;
        if (c->target)
            c->target[i] = c->x[i] * c->x[i];
    }
    return FELL_OK;
}

static void close(void *self)
{
    (void)self;
}

static const fell_dataset item = {FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "@",
                                            "One sentence: what its rows are.", struct settings, params),
                                  open, read, close};
FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
