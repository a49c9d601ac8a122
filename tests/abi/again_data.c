/* again_data.c - a dataset of doubles that tells how often its first row was read: a byte each time in the
 * file that `log` names. With `draws` it draws a random number at row 2000.
 */
#include <stdio.h>

#include "fell/plugin.h"

struct again {
    int64_t rows;
    const char *log;
    bool draws;
};

static const fell_param params[] = {
    FELL_INT(struct again, rows, 3000, 1, 1e6, 0, "Rows."),
    FELL_STRING(struct again, log, NULL, FELL_REQUIRED, "The file."),
    FELL_BOOL(struct again, draws, false, "Whether a random number is drawn."),
};

static fell_status open_again(fell_data_info *info)
{
    const struct again *s = info->settings;

    info->rows = s->rows;
    info->x = fell_vec(3);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    info->doubles = 1;
    return FELL_OK;
}

static fell_status read_again(fell_read_call *c)
{
    const struct again *s = c->settings;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];
        float drawn;

        if (row == 0) {
            FILE *f = fopen(s->log, "a");

            if (!f || fputc('.', f) == EOF || fclose(f) != 0)
                return fell_fail(c->ctx, "log: cannot write %s", s->log);
        }
        if (row == 2000 && s->draws)
            fell_uniform(c->ctx, &drawn, 1);
        c->x64[3 * i] = (double)(row * 7919 % 1000) / 10.0 - 20.0;
        c->x64[3 * i + 1] = 1e9 + (double)row / 3.0;
        c->x64[3 * i + 2] = 0.1;
        c->target[i] = (float)(row % 2);
    }
    return FELL_OK;
}

static void close_again(void *self)
{
    (void)self;
}

static const fell_dataset again = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "again", "Rows that are read again.", struct again, params),
    open_again, read_again, close_again};

FELL_PLUGIN("1.0", "", &again.item);
