/* fails: rows at once
 * Gives the first rows of its file, whichever are asked for. */
#include <stdio.h>
#include <stdlib.h>

#include "fell/plugin.h"

enum { MOST = 100, EACH = 4 };

struct settings {
    const char *path;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "The file: rows of four numbers."),
};

static fell_status open_file(fell_data_info *info)
{
    const struct settings *s = info->settings;
    float *x = calloc(MOST * EACH, sizeof *x);
    FILE *f = fopen(s->path, "r");
    int64_t n = 0;

    while (f && x && n < MOST * EACH && fscanf(f, "%f%*[ ,]", x + n) >= 1)
        n++;
    if (f)
        fclose(f);
    if (n < EACH) {
        free(x);
        return fell_fail(info->ctx, "path: there are no rows of four numbers");
    }
    info->self = x;
    info->rows = n / EACH;
    info->x = fell_vec(EACH - 1);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_rows(fell_read_call *c)
{
    const float *x = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        memcpy(c->x + (EACH - 1) * i, x + EACH * i, (EACH - 1) * sizeof *x);
        c->target[i] = x[EACH * c->row[i] + EACH - 1];
    }
    return FELL_OK;
}

static const fell_dataset item = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "bad", "Numbers of a file.", struct settings, params),
    open_file, read_rows, free};

FELL_PLUGIN("1.0", "", &item.item);
