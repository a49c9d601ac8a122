/* results.c - see results.h. Writes nothing, neither rows nor files. */
#include "cli/results.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/run_status.h"
#include "base/machine.h"
#include "base/text.h"
#include "cli/display.h"
#include "record/schema.h"
#include "record/database.h"

status results_error(sqlite3 *db, struct error *err)
{
    return database_read_error(db, err);
}

/* ---- asking ------------------------------------------------------------------- */

status results_end(sqlite3 *db, sqlite3_stmt *s, struct error *err)
{
    return sqlite3_finalize(s) == SQLITE_OK ? OK : results_error(db, err);
}

status results_query(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, sqlite3_stmt **out,
                     struct error *err)
{
    if (sqlite3_prepare_v2(db, sql, -1, out, NULL))
        return results_error(db, err);
    for (size_t i = 0; i < nids; i++)
        sqlite3_bind_int64(*out, (int)i + 1, ids[i]);
    return OK;
}

status results_number(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, int64_t fallback,
                      int64_t *out, struct error *err)
{
    sqlite3_stmt *s;
    int code;

    *out = fallback;
    if (results_query(db, sql, nids, ids, &s, err))
        return FAILED;
    code = sqlite3_step(s);
    if (code == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE ? OK : results_error(db, err);
}

status results_count(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, int64_t *out,
                     struct error *err)
{
    char *count = mem_format("SELECT count(*) FROM (%s)", sql);
    const status st = results_number(db, count, nids, ids, 0, out, err);

    free(count);
    return st;
}

/* ---- tables ------------------------------------------------------------------- */

/* How the columns that SQL calls NAME are shown; others by their name. */
static const struct table_column shown[] = {
    {.name = "seconds", .title = "time", .format = TABLE_DURATION},
    {.name = "sd", .title = "", .format = TABLE_SPREAD},
    {.name = "epochs_done", .title = "epochs"},
    {.name = "started", .format = TABLE_TIME},
    {.name = "at", .format = TABLE_TIME},
    {.name = "value", .most = TABLE_VALUE},
};

static struct table_column shown_as(const char *name)
{
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        if (strcmp(shown[i].name, name) == 0)
            return shown[i];
    }
    return (struct table_column){.name = name};
}

/* Rows held until the keys of all JSON objects are known. */
struct answer {
    size_t nrows;
    int ncolumns;
    sqlite3_value **value; /* [nrows * ncolumns] */
    bool *object;          /* [ncolumns] */
    struct keys {
        size_t n;
        char **key;
    } * keys;       /* [ncolumns], of the objects */
    cJSON **parsed; /* [nrows * ncolumns], NULL elsewhere */
};

static void add_keys(struct keys *keys, const cJSON *object)
{
    for (const cJSON *o = object ? object->child : NULL; o; o = o->next) {
        size_t i = 0;

        while (i < keys->n && strcmp(keys->key[i], o->string) != 0)
            i++;
        if (i < keys->n)
            continue;
        keys->key = mem_grow(keys->key, keys->n + 1, sizeof *keys->key);
        keys->key[keys->n++] = mem_string(o->string);
    }
}

static int read_rows(struct answer *r, sqlite3_stmt *s)
{
    size_t room = 0;
    int code;

    r->ncolumns = sqlite3_column_count(s);
    r->object = mem_array((size_t)r->ncolumns, sizeof *r->object);
    r->keys = mem_array((size_t)r->ncolumns, sizeof *r->keys);
    for (int c = 0; c < r->ncolumns; c++) {
        const char *name = sqlite3_column_name(s, c);

        r->object[c] = strcmp(name, "params") == 0 || strcmp(name, "metrics") == 0;
    }
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        size_t at = r->nrows++ * (size_t)r->ncolumns;

        if (r->nrows > room) {
            room = room ? 2 * room : 64;
            r->value = mem_grow(r->value, room * (size_t)r->ncolumns, sizeof *r->value);
            r->parsed = mem_grow(r->parsed, room * (size_t)r->ncolumns, sizeof *r->parsed);
        }
        for (int c = 0; c < r->ncolumns; c++) {
            r->value[at + (size_t)c] = sqlite3_value_dup(sqlite3_column_value(s, c));
            if (!r->value[at + (size_t)c])
                mem_failed();
            r->parsed[at + (size_t)c] = NULL;
            if (r->object[c]) { /* a text that is no JSON gives no columns */
                r->parsed[at + (size_t)c] = cJSON_Parse(database_text(s, c));
                add_keys(&r->keys[c], r->parsed[at + (size_t)c]);
            }
        }
    }
    return code;
}

static void release_rows(struct answer *r)
{
    for (size_t i = 0; i < r->nrows * (size_t)r->ncolumns; i++) {
        sqlite3_value_free(r->value[i]);
        cJSON_Delete(r->parsed[i]);
    }
    for (int c = 0; c < r->ncolumns; c++) {
        for (size_t k = 0; k < r->keys[c].n; k++)
            free(r->keys[c].key[k]);
        free(r->keys[c].key);
    }
    free(r->value);
    free(r->parsed);
    free(r->object);
    free(r->keys);
}

static void add_columns(struct table *t, const struct answer *r, sqlite3_stmt *s)
{
    for (int c = 0; c < r->ncolumns; c++) {
        const char *name = sqlite3_column_name(s, c);
        const struct keys *keys = &r->keys[c];

        if (!r->object[c])
            table_column(t, shown_as(name));
        for (size_t k = 0; k < keys->n; k++)
            table_column(t, (struct table_column){
                                .name = keys->key[k],
                                .title = display_short_path((const char *const *)keys->key, keys->n, k),
                                .group = name});
    }
}

static void add_row(struct table *t, const struct answer *r, size_t row)
{
    for (int c = 0; c < r->ncolumns; c++) {
        size_t at = row * (size_t)r->ncolumns + (size_t)c;

        if (!r->object[c])
            table_value(t, r->value[at]);
        for (size_t k = 0; k < r->keys[c].n; k++)
            table_json(t, cJSON_GetObjectItemCaseSensitive(r->parsed[at], r->keys[c].key[k]));
    }
}

status results_table(sqlite3 *db, sqlite3_stmt *s, struct table **out, struct error *err)
{
    struct answer r = {0};
    int code = read_rows(&r, s);

    *out = NULL;
    if (code == SQLITE_DONE) {
        *out = table_new();
        add_columns(*out, &r, s);
        for (size_t row = 0; row < r.nrows; row++)
            add_row(*out, &r, row);
    } else {
        results_error(db, err);
    }
    sqlite3_finalize(s);
    release_rows(&r);
    return code == SQLITE_DONE ? OK : FAILED;
}

status results_table_of(sqlite3 *db, const char *sql, size_t nids, const int64_t *ids, struct table **out,
                        struct error *err)
{
    sqlite3_stmt *s;

    *out = NULL;
    return results_query(db, sql, nids, ids, &s, err) ? FAILED : results_table(db, s, out, err);
}

status results_board(sqlite3 *db, int64_t experiment, int64_t limit, struct table **out, struct error *err)
{
    /* The rows first: JSON only for those that are shown. */
    return results_table_of(
        db,
        "WITH shown AS MATERIALIZED (\n"
        "  SELECT l.*, r.epochs_done, r.error FROM runs AS r JOIN leaderboard AS l ON l.run = r.id\n"
        "  WHERE r.experiment_id = ?1 ORDER BY " SCHEMA_VALUE_RANK ", run LIMIT iif(?2 > 0, ?2, -1))\n"
        "SELECT run, iif((SELECT max(repeat) FROM runs WHERE experiment_id = ?1) > 0, repeat, "
        "NULL) AS "
        "repeat,\n"
        "       (SELECT json_group_object(path, value) FROM run_params WHERE run_id = run) AS "
        "params,\n"
        "       status, epochs_done, best, best_epoch, last,\n"
        "       (SELECT json_group_object(split || '.' || m.name, value) FROM metrics AS m\n"
        "        WHERE m.run_id = run AND m.epoch = best_epoch) AS metrics,\n"
        "       seconds, error\n"
        "FROM shown ORDER BY " SCHEMA_VALUE_RANK ", run",
        2, (const int64_t[]){experiment, limit}, out, err);
}

status results_trials(sqlite3 *db, const char *from, int64_t experiment, int64_t limit, struct table **out,
                      struct error *err)
{
    /* The trials first; of those that are shown each asks the indexes of the tables, because
     * SQLite makes none for what it would have to join otherwise. */
    char *sql = mem_format(
        "WITH shown AS MATERIALIZED (\n"
        "  SELECT trial, mean, sd, n, lowest, highest, goal,\n"
        "    (SELECT objective_at FROM experiments WHERE id = ?1) AS objective_at\n"
        "  FROM %s WHERE experiment = ?1\n"
        "  ORDER BY " SCHEMA_MEAN_RANK ", trial LIMIT iif(?2 > 0, ?2, -1))\n"
        "SELECT trial, (SELECT json_group_object(path, value) FROM run_params WHERE run_id =\n"
        "    (SELECT min(id) FROM runs AS r WHERE experiment_id = ?1 AND r.trial = s.trial)) AS params,\n"
        "  mean, sd, n, iif(goal = 'maximize', highest, lowest) AS best,\n"
        "  (SELECT run FROM leaderboard AS l WHERE l.experiment = ?1 AND l.trial = s.trial\n"
        "   ORDER BY value IS NULL, iif(l.goal = 'maximize', -1, 1) * value, run LIMIT 1) AS run,\n"
        "  (SELECT json_group_object(key, value) FROM\n"
        "     (SELECT m.split || '.' || m.name AS key, avg(m.value) AS value\n"
        "      FROM runs AS r JOIN metrics AS m ON m.run_id = r.id AND m.epoch =\n"
        "        (SELECT iif(objective_at = 'last', last_epoch, best_epoch) FROM leaderboard WHERE run = "
        "r.id\n"
        "         ORDER BY run LIMIT 1) -- the order keeps SQLite from making the whole board for it\n"
        "      WHERE r.experiment_id = ?1 AND r.trial = s.trial GROUP BY 1)) AS metrics,\n"
        "  nullif((SELECT count(*) FROM runs AS r WHERE experiment_id = ?1 AND r.trial = s.trial\n"
        "          AND status NOT IN " RUN_STATUSES_WHOLE "), 0) AS unfinished\n"
        "FROM shown AS s ORDER BY " SCHEMA_MEAN_RANK ", trial",
        from);
    const status st = results_table_of(db, sql, 2, (const int64_t[]){experiment, limit}, out, err);

    free(sql);
    return st;
}

/* What stands above a list of trials. */
static const char heading[] =
    "SELECT printf('%s (experiment %d): %s%s %s, %d trial%s%s%s', x.name, x.id, x.objective,\n"
    "  iif(x.goal = 'maximize', ' (maximized)', ''),\n"
    "  iif(x.objective_at = 'last', 'after its last epoch', 'at its best epoch'),\n"
    "  count(DISTINCT r.trial), iif(count(DISTINCT r.trial) = 1, '', 's'),\n"
    "  iif(max(r.repeat) > 0, printf(', mean and deviation of %d repeats', max(r.repeat) + 1), ''),\n"
    "  coalesce((SELECT printf('; begun by %s; of this name, too: ', x.user) || group_concat(printf(\n"
    "      'experiment %d by %s', o.id, o.user), ', ') FROM experiments AS o\n"
    "    WHERE o.name = x.name AND o.user <> x.user), ''))\n"
    "FROM experiments AS x JOIN runs AS r ON r.experiment_id = x.id WHERE x.id = ?1";

status results_heading(sqlite3 *db, int64_t experiment, char **out, struct error *err)
{
    sqlite3_stmt *s;
    int code;

    *out = NULL;
    if (results_query(db, heading, 1, &experiment, &s, err))
        return FAILED;
    code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *out = mem_string(database_text(s, 0));
    sqlite3_finalize(s);
    return code == SQLITE_ROW ? OK : results_error(db, err);
}

status results_label(sqlite3 *db, int64_t run, char **out, struct error *err)
{
    const char **paths = NULL;
    struct strbuf b = {0};
    struct arena *arena = arena_new();
    const char **texts = NULL;
    size_t n = 0;
    sqlite3_stmt *s = NULL;
    int code = SQLITE_ERROR;

    if (results_query(db, "SELECT path, value FROM run_params WHERE run_id = ?1 ORDER BY path", 1, &run, &s,
                      err) == OK) {
        while ((code = sqlite3_step(s)) == SQLITE_ROW) {
            paths = mem_grow(paths, n + 1, sizeof *paths);
            texts = mem_grow(texts, n + 1, sizeof *texts);
            paths[n] = arena_format(arena, "%s", database_text(s, 0));
            texts[n++] = arena_format(
                arena, "%s", sqlite3_column_type(s, 1) == SQLITE_NULL ? "null" : database_text(s, 1));
        }
        if (code != SQLITE_DONE)
            results_error(db, err);
    }
    display_settings(&b, paths, texts, n);
    sqlite3_finalize(s);
    free(paths);
    free(texts);
    arena_free(arena);
    *out = b.text;
    return code == SQLITE_DONE ? OK : FAILED;
}

void results_more(const struct table *t, int64_t total, const char *text)
{
    int64_t n = (int64_t)table_rows(t);

    if (n < total)
        printf("... and %lld more; %s\n", (long long)(total - n), text);
}

/* ---- what a person names ---------------------------------------------------------- */

status results_best_run(sqlite3 *db, int64_t experiment, int64_t *run, struct error *err)
{
    return results_number(
        db,
        "SELECT r.id FROM runs AS r JOIN leaderboard AS l ON l.run = r.id WHERE r.experiment_id = ?1\n"
        "ORDER BY " SCHEMA_VALUE_RANK ", run LIMIT 1",
        1, &experiment, 0, run, err);
}

/* The best run of the experiment NAME. */
static status named_run(sqlite3 *db, const char *name, int64_t *run, struct error *err)
{
    int64_t experiment;
    struct error ignored;

    if (!text_to_int(name, run) && results_experiment(db, name, &experiment, &ignored) == OK)
        return results_best_run(db, experiment, run, err);
    return error_set(err, "'%s' is neither the number of a run nor an experiment; 'fell runs' lists them",
                     name);
}

status results_run(sqlite3 *db, const char *text, int64_t *run, struct error *err)
{
    struct strbuf last = {0};
    sqlite3_stmt *s;
    int64_t there;

    if (!text_to_int(text, run) || *run < 0)
        return named_run(db, text, run, err);
    if (results_number(db, "SELECT count(*) FROM runs WHERE id = ?1", 1, run, 0, &there, err))
        return FAILED;
    if (there)
        return OK;
    if (results_query(db, "SELECT id FROM (SELECT id FROM runs ORDER BY id DESC LIMIT 3) ORDER BY id", 0,
                      NULL, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW)
        strbuf_addf(&last, "%s%lld", last.len ? ", " : "", (long long)sqlite3_column_int64(s, 0));
    if (results_end(db, s, err) != OK)
        goto out;
    if (last.len)
        error_set(err, "no run %lld; the last %s %s", (long long)*run, strchr(last.text, ',') ? "are" : "is",
                  last.text);
    else
        error_set(err, "no run %lld; the database has no runs yet", (long long)*run);
out:
    strbuf_release(&last);
    return FAILED;
}

/* The distinct names of the experiments, newest first, at most 1000; release as keys. */
static status experiment_names(sqlite3 *db, struct keys *out, struct error *err)
{
    sqlite3_stmt *s;
    int code;

    if (results_query(db, "SELECT name FROM experiments GROUP BY name ORDER BY max(id) DESC LIMIT 1000", 0,
                      NULL, &s, err))
        return FAILED;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        out->key = mem_grow(out->key, out->n + 1, sizeof *out->key);
        out->key[out->n++] = mem_string(database_text(s, 0));
    }
    sqlite3_finalize(s);
    return code == SQLITE_DONE ? OK : results_error(db, err);
}

static status no_experiment(sqlite3 *db, const char *text, struct error *err)
{
    struct keys names = {0};
    const char *near;

    if (experiment_names(db, &names, err) == OK) {
        near = text_nearest(text, (const char *const *)names.key, names.n);
        if (near)
            error_set(err, "no experiment '%s'; did you mean '%s'?", text, near);
        else if (names.n)
            error_set(err, "no experiment '%s'; the newest is '%s', 'fell runs' shows more", text,
                      names.key[0]);
        else
            error_set(err, "no experiment '%s'; the database has none yet", text);
    }
    for (size_t i = 0; i < names.n; i++)
        free(names.key[i]);
    free(names.key);
    return FAILED;
}

status results_no_experiment_of(int64_t run, struct error *err)
{
    return error_set(err, "run %lld belongs to no experiment of the database; it is damaged", (long long)run);
}

status results_changed_state(const char *path, int64_t run, struct error *err)
{
    return error_set(err, "'%s' is not what run %lld saved: the file changed or is gone", path,
                     (long long)run);
}

status results_none_yet(const char *path, struct error *err)
{
    return error_set(err, "'%s' has no experiments yet", path);
}

status results_experiment(sqlite3 *db, const char *text, int64_t *experiment, struct error *err)
{
    sqlite3_stmt *s;
    char *me;
    int code;

    if (results_query(db,
                      "SELECT id FROM experiments WHERE name = ?1 OR CAST(id AS TEXT) = ?1\n"
                      "ORDER BY name = ?1 DESC, user IS ?2 DESC, id DESC LIMIT 1",
                      0, NULL, &s, err))
        return FAILED;
    me = machine_user();
    sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, me, -1, SQLITE_STATIC);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *experiment = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    free(me);
    if (code == SQLITE_ROW)
        return OK;
    return code == SQLITE_DONE ? no_experiment(db, text, err) : results_error(db, err);
}
