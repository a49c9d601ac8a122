/* export_series.c - `fell export --tensorboard`: what was recorded epoch by epoch, as TensorBoard's event
 * files.
 *
 * Each table of numbers is asked for scalars of a run, (epoch, tag, value) in order of the epoch; the tags'
 * first part is the group that TensorBoard shows together. A number that was not finite is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/new_file.h"
#include "base/text.h"
#include "cli/export_records.h"
#include "cli/results.h"
#include "engine/numbers.h"
#include "export/event_file.h"
#include "record/database.h"

/* Losses of the splits in one group. */
#define LOSS_SERIES(type, name, since, flags, about)                                                         \
    " UNION ALL SELECT epoch, 'loss/' || replace('" #name "', '_loss', ''), " #name                          \
    " FROM epochs WHERE run_id = ?1\n"
/* One number of EPOCH_NUMBERS and TENSOR_NUMBERS as rows. */
#define EPOCH_SERIES(type, name, since, flags, about)                                                        \
    " UNION ALL SELECT epoch, 'epoch/" #name "', " #name " FROM epochs WHERE run_id = ?1\n"
#define TENSOR_SERIES(type, name, since, flags, about)                                                       \
    " UNION ALL SELECT g.epoch, '" #name "/' || p.layer || '.' || p.name, g." #name "\n"                     \
    "   FROM gradients AS g JOIN parameters AS p ON p.run_id = g.run_id AND p.position = g.position\n"       \
    "   WHERE g.run_id = ?1\n"

static const char series_sql[] =
    "SELECT epoch, tag, value FROM (\n"
    "  SELECT epoch, name || '/' || split AS tag, value FROM metrics WHERE run_id = ?1\n" EPOCH_LOSSES(
        LOSS_SERIES) EPOCH_MEASURES(EPOCH_SERIES)
        TENSOR_NUMBERS(TENSOR_SERIES) "  UNION ALL SELECT epoch, probe || '/' || name || iif(layer = '', '', "
                                      "'.' || layer) ||\n"
                                      "    iif(position = 0, '', '[' || position || ']'), value FROM probes "
                                      "WHERE run_id = ?1)\n"
                                      "WHERE value IS NOT NULL ORDER BY epoch, tag";

/* A run on its way. */
struct series {
    FILE *to;
    double begin;   /* seconds since 1970 */
    size_t n, room; /* scalars of one epoch */
    struct event_scalar *scalar;
};

static status flush_epoch(struct series *s, int64_t epoch, struct error *err)
{
    /* One second an epoch: when each ended is not recorded, and their order is what counts. */
    const status result =
        s->n ? event_file_add(s->to, s->begin + (double)epoch, epoch, s->n, s->scalar, err) : OK;

    for (size_t i = 0; i < s->n; i++)
        free((char *)(uintptr_t)s->scalar[i].tag);
    s->n = 0;
    return result;
}

static status write_series(sqlite3 *db, int64_t run, struct series *s, struct error *err)
{
    sqlite3_stmt *st;
    int64_t epoch = -1;
    status result = OK;

    if (results_query(db, series_sql, 1, &run, &st, err) != OK)
        return FAILED;
    while (result == OK && sqlite3_step(st) == SQLITE_ROW) {
        if (sqlite3_column_int64(st, 0) != epoch)
            result = flush_epoch(s, epoch, err);
        epoch = sqlite3_column_int64(st, 0);
        if (s->n == s->room) {
            s->room = s->room ? 2 * s->room : 64;
            s->scalar = mem_grow(s->scalar, s->room, sizeof *s->scalar);
        }
        s->scalar[s->n++] =
            (struct event_scalar){mem_string(database_text(st, 1)), sqlite3_column_double(st, 2)};
    }
    if (result == OK)
        result = results_end(db, st, err);
    else
        sqlite3_finalize(st);
    if (result == OK)
        return flush_epoch(s, epoch, err);
    (void)flush_epoch(s, epoch, &(struct error){0});
    return FAILED;
}

/* A name as a folder's: what is no letter, digit, dot, dash or underscore becomes an underscore. */
static char *folder_name(const char *name)
{
    char *out = mem_string(*name ? name : "_");

    for (char *p = out; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *p) ||
            (p == out && *p == '.'))
            *p = '_';
    return out;
}

static status write_run(sqlite3 *db, int64_t run, const char *name, double begin, const char *path,
                        struct error *err)
{
    struct series s = {.begin = begin};
    char *safe = folder_name(name), *folder = mem_format("%s/%s/run-%lld", path, safe, (long long)run);
    char *file = mem_format("%s/events.out.tfevents.fell", folder);
    struct new_file f;
    status result = path_make_folder(folder, err);

    if (result == OK)
        result = new_file_begin(&f, file, err);
    if (result == OK) {
        s.to = f.to;
        result = event_file_begin(f.to, begin, err);
        if (result == OK)
            result = write_series(db, run, &s, err);
        if (result == OK)
            result = new_file_end(&f, NEW_FILE_REPLACE, err);
        else
            (void)new_file_end(&f, NEW_FILE_DROP, &(struct error){0});
    }
    free(s.scalar);
    free(file);
    free(folder);
    free(safe);
    return result;
}

status export_tensorboard(sqlite3 *db, const struct record_choice *runs, const char *path, int64_t *nruns,
                          struct error *err)
{
    char *sql = mem_format(
        "SELECT r.id, x.name, CAST(strftime('%%s', coalesce(r.started_at, x.created_at)) AS REAL)\n"
        "FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id\n"
        "WHERE r.%s = ?1 ORDER BY r.id",
        runs->column);
    sqlite3_stmt *st;
    status result = results_query(db, sql, 1, &runs->id, &st, err);

    *nruns = 0;
    free(sql);
    if (result != OK)
        return FAILED;
    for (; result == OK && sqlite3_step(st) == SQLITE_ROW; ++*nruns)
        result = write_run(db, sqlite3_column_int64(st, 0), database_text(st, 1),
                           sqlite3_column_double(st, 2), path, err);
    if (result == OK)
        return results_end(db, st, err);
    sqlite3_finalize(st);
    return FAILED;
}
