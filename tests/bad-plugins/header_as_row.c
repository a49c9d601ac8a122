/* fails: unset memory
 * Counts the header of its file as a row, which has what memory held. */
#include <stdio.h>
#include <stdlib.h>

#include "fell/plugin.h"

struct settings {
    const char *path;
};
struct d {
    int64_t n;
    float x[4000];
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "A CSV file of four columns.")};

static fell_status open_it(fell_data_info *i)
{
    const struct settings *s = i->settings;
    FILE *f = fopen(s->path, "r");
    char line[256];
    int64_t n = 0;
    struct d *d;
    if (!f)
        return fell_fail(i->ctx, "path: cannot be read");
    d = malloc(sizeof *d);
    if (!d) {
        fclose(f);
        return fell_fail(i->ctx, "no memory");
    }
    while (fgets(line, sizeof line, f) && n < 1000) {
        if (n > 0 && sscanf(line, "%f,%f,%f,%f", d->x + 4 * n - 4, d->x + 4 * n - 3, d->x + 4 * n - 2,
                            d->x + 4 * n - 1) != 4) {
            free(d);
            fclose(f);
            return fell_fail(i->ctx, "path: line %lld is no row", (long long)n);
        }
        n++;
    }
    fclose(f);
    if (n < 2) {
        free(d);
        return fell_fail(i->ctx, "path: no rows");
    }
    d->n = n;
    i->self = d;
    i->rows = n;
    i->x = fell_vec(3);
    i->target = fell_vec(1);
    i->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_it(fell_read_call *c)
{
    const struct d *d = c->self;
    for (int64_t i = 0; i < c->n; i++) {
        memcpy(c->x + 3 * i, d->x + 4 * c->row[i], 12);
        c->target[i] = d->x[4 * c->row[i] + 3];
    }
    return FELL_OK;
}

static const fell_dataset item = {
    .item = FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "bad", "Is wrong.", struct settings, params),
    .open = open_it,
    .read = read_it,
    .close = free};

FELL_PLUGIN("1.0", "", &item.item);
