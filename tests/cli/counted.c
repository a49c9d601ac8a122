/* counted.c - a dataset that tells who reads it: a line in the file `log` for each reading, which
 * takes `wait` seconds, and a warning. For tests/cli/cache.sh.
 */
#include <stdio.h>
#include <unistd.h>

#include "fell/plugin.h"

struct counted {
    const char *log;
    double wait;
};

static const fell_param params[] = {
    FELL_STRING(struct counted, log, "log", 0, "A line for each reading."),
    FELL_FLOAT(struct counted, wait, 0, 0, 100, 0, "Seconds that it takes."),
};

static fell_status open_counted(fell_data_info *info)
{
    const struct counted *s = info->settings;
    FILE *log = fopen(s->log, "a");

    if (!log || fprintf(log, "%ld\n", (long)getpid()) < 0 || fclose(log) != 0)
        return fell_fail(info->ctx, "log: cannot be written");
    usleep((useconds_t)(s->wait * 1e6));
    fell_warn(info->ctx, "row 1 is the first");

    info->rows = 5000;
    info->x = fell_vec(64);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_counted(fell_read_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        for (int64_t j = 0; j < 64; j++)
            c->x[i * 64 + j] = (float)(c->row[i] * (j + 7) % 101) / 101;
        c->target[i] = (float)(c->row[i] % 13) / 13;
    }
    return FELL_OK;
}

static void close_counted(void *self)
{
    (void)self;
}

static const fell_dataset counted = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "counted", "Rows, and who read them.", struct counted, params),
    open_counted, read_counted, close_counted};

FELL_PLUGIN("1.0", "the tests", &counted.item);
