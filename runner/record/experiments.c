/* experiments.c - the half of recorder.h that finds, adds and removes whole
 * experiments, before the first run starts.
 *
 * These rows are stored at once, not queued: everything between the first call and
 * recorder_commit() is one transaction, so that a database never holds half an experiment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "base/text.h"
#include "record/claim.h"
#include "record/recorder_impl.h"
#include "record/schema.h"
#include "record/database.h"

/* ---- finding -------------------------------------------------------------------- */

/* Experiments of one name that somebody else began are no concern of this user's; ?3 is the user. */
#define OWN "(user IS NULL OR user = ?3)"

/* SQL with one or two texts to bind; the row is in *ST, which the caller finalizes. *RC: SQLITE_ROW
 * or SQLITE_DONE. */
static status find(struct recorder *r, const char *sql, const char *first, const char *second,
                   sqlite3_stmt **st, int *rc, struct error *err)
{
    *rc = sqlite3_prepare_v2(r->db, sql, -1, st, NULL);
    if (*rc == SQLITE_OK) {
        sqlite3_bind_text(*st, 1, first, -1, SQLITE_STATIC);
        if (second)
            sqlite3_bind_text(*st, 2, second, -1, SQLITE_STATIC);
        if (sqlite3_bind_parameter_count(*st) == 3)
            sqlite3_bind_text(*st, 3, r->user, -1, SQLITE_STATIC);
        *rc = sqlite3_step(*st);
    }
    if (*rc == SQLITE_ROW || *rc == SQLITE_DONE)
        return OK;
    recorder_error(r, *rc, err);
    sqlite3_finalize(*st);
    return FAILED;
}

static void copy_uid(char to[65], sqlite3_stmt *st, int column)
{
    snprintf(to, 65, "%s", database_text(st, column));
}

status recorder_find_experiment(struct recorder *r, const char *identity, const char *name,
                                struct known_experiment *out, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc;

    *out = (struct known_experiment){.state = KNOWN_NEW};
    if (find(r,
             "SELECT id, EXISTS (SELECT 1 FROM runs WHERE experiment_id = x.id AND status "
             "IN " RUN_STATUSES_UNFINISHED "), uid, iif(" OWN ", NULL, user)"
             " FROM experiments AS x WHERE identity = ?1 ORDER BY id DESC LIMIT 1",
             identity, NULL, &st, &rc, err) != OK)
        return FAILED;
    if (rc == SQLITE_ROW) {
        out->id = sqlite3_column_int64(st, 0);
        out->state = sqlite3_column_int(st, 1) ? KNOWN_UNFINISHED : KNOWN_FINISHED;
        copy_uid(out->uid, st, 2);
        snprintf(out->author, sizeof out->author, "%s", database_text(st, 3));
    }
    sqlite3_finalize(st);
    if (find(r,
             "SELECT id, spec FROM experiments AS x WHERE name = ?1 AND identity <> ?2 AND " OWN " AND EXISTS"
             " (SELECT 1 FROM runs WHERE experiment_id = x.id AND status IN " RUN_STATUSES_UNFINISHED ")"
             " ORDER BY id DESC LIMIT 1",
             name, identity, &st, &rc, err) != OK)
        return FAILED;
    if (rc == SQLITE_ROW) {
        out->other_unfinished = true;
        out->other_id = sqlite3_column_int64(st, 0);
        out->other_text = mem_string(database_text(st, 1));
    }
    sqlite3_finalize(st);
    if (find(r, "SELECT id, uid FROM experiments WHERE name = ?1 AND " OWN " ORDER BY id DESC LIMIT 1", name,
             NULL, &st, &rc, err) != OK)
        return FAILED;
    if (rc == SQLITE_ROW) {
        out->newest_id = sqlite3_column_int64(st, 0);
        copy_uid(out->newest_uid, st, 1);
    }
    sqlite3_finalize(st);
    return OK;
}

status recorder_find_trial(struct recorder *r, const char *uid, int64_t *trial, struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc;

    if (find(r, "SELECT trial FROM runs WHERE uid = ?1", uid, NULL, &st, &rc, err) != OK)
        return FAILED;
    *trial = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
    sqlite3_finalize(st);
    return OK;
}

status recorder_count_trials(struct recorder *r, int64_t experiment, int64_t *n, int64_t *runs,
                             struct error *err)
{
    char id[32];
    sqlite3_stmt *st = NULL;
    int rc;

    snprintf(id, sizeof id, "%lld", (long long)experiment);
    if (find(r,
             "SELECT coalesce(max(trial) + 1, 0), count(*) FROM runs WHERE experiment_id = CAST(?1 AS "
             "INTEGER)",
             id, NULL, &st, &rc, err) != OK)
        return FAILED;
    *n = sqlite3_column_int64(st, 0);
    *runs = sqlite3_column_int64(st, 1);
    sqlite3_finalize(st);
    return OK;
}

status recorder_claim(struct recorder *r, const char *uid, struct error *err)
{
    return claim_take(r->path, uid, &r->claim, err);
}

/* ---- adding and removing ----------------------------------------------------------- */

/* With its rows, children first. */
status recorder_delete_experiment(struct recorder *r, int64_t id, struct error *err)
{
    struct strbuf sql = {0};
    int rc;

    if (recorder_begin(r, err) != OK)
        return FAILED;
    for (const char *const *table = schema_run_tables; *table; table++)
        strbuf_addf(&sql, "DELETE FROM %s WHERE run_id IN (SELECT id FROM runs WHERE experiment_id = %lld);",
                    *table, (long long)id);
    strbuf_addf(
        &sql,
        "DELETE FROM runs WHERE experiment_id = %lld; DELETE FROM data_files WHERE experiment_id = %lld;"
        "DELETE FROM experiments WHERE id = %lld",
        (long long)id, (long long)id, (long long)id);
    rc = sqlite3_exec(r->db, sql.text, NULL, NULL, NULL);
    strbuf_release(&sql);
    return rc == SQLITE_OK ? OK : recorder_error(r, rc, err);
}

#define INT(v)                                                                                               \
    {                                                                                                        \
        .type = CELL_INT, .i = (v)                                                                           \
    }
#define TEXT(v)                                                                                              \
    {                                                                                                        \
        .type = CELL_TEXT, .text = (v)                                                                       \
    }
#define RUN(r, sql, cells, err) run_now(r, sql, cells, sizeof(cells) / sizeof((cells)[0]), err)

static status run_now(struct recorder *r, enum writer_sql sql, const struct cell *cells, size_t n,
                      struct error *err)
{
    int rc = writer_run(&r->writer, sql, cells, n);

    return rc == SQLITE_OK ? OK : recorder_error(r, rc, err);
}

static const char *goal_of(const struct experiment_row *row)
{
    return row->maximize ? "maximize" : "minimize";
}

static const char *at_of(const struct experiment_row *row)
{
    return row->at_last ? "last" : "best";
}

static const char *strategy_of(const struct experiment_row *row)
{
    return row->strategy ? row->strategy : "{\"grid\":{}}";
}

/* AGAIN: what a file of the sweep holds may be more than it was. */
static status add_files(struct recorder *r, int64_t experiment, const struct experiment_row *row, bool again,
                        struct error *err)
{
    for (size_t i = 0; i < row->nfiles; i++) {
        const struct data_file_row *f = &row->files[i];
        const struct cell file[] = {INT(experiment),
                                    TEXT(f->role),
                                    TEXT(f->path),
                                    TEXT(f->sha256),
                                    {.type = f->rows >= 0 ? CELL_INT : CELL_NULL, .i = f->rows}};

        if (again && run_now(r, SQL_FORGET_FILE, file, 3, err) != OK)
            return FAILED;
        if (RUN(r, SQL_ADD_FILE, file, err) != OK)
            return FAILED;
    }
    return OK;
}

struct move {
    const char *role, *to;
    char *from;
};

/* Where the file of experiment ID was that F is now; NULL: there, or none, or several. free() it. */
static status find_place(struct recorder *r, int64_t id, const struct data_file_row *f, char **out,
                         struct error *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(r->db,
                                "SELECT path, count(*), max(path = ?4) FROM data_files WHERE"
                                " experiment_id = ?1 AND role = ?2 AND sha256 = ?3",
                                -1, &st, NULL);

    *out = NULL;
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, id);
        sqlite3_bind_text(st, 2, f->role, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, f->sha256, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 4, f->path, -1, SQLITE_STATIC);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW && sqlite3_column_int64(st, 1) == 1 && !sqlite3_column_int(st, 2))
        *out = mem_string(database_text(st, 0));
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? OK : recorder_error(r, rc, err);
}

/* First to names that are no paths: two files may have changed places. */
static status move_all(struct recorder *r, int64_t id, size_t n, const struct move *moves, struct error *err)
{
    status result = OK;

    for (size_t i = 0; i < 2 * n && result == OK; i++) {
        const struct move *m = &moves[i % n];
        char between[32];
        const char *from = i < n ? m->from : between, *to = i < n ? between : m->to;
        const struct cell runs[] = {INT(id), TEXT(from), TEXT(to)};
        const struct cell file[] = {INT(id), TEXT(m->role), TEXT(from), TEXT(to)};

        snprintf(between, sizeof between, "\001%zu", i % n);
        result = RUN(r, SQL_MOVE_IN_RUNS, runs, err);
        if (result == OK)
            result = RUN(r, SQL_MOVE_FILE, file, err);
    }
    return result;
}

status recorder_move_files(struct recorder *r, int64_t id, size_t n, const struct data_file_row *files,
                           struct error *err)
{
    struct move *moves = mem_array(n, sizeof *moves);
    size_t nmoves = 0;
    status result = OK;

    for (size_t i = 0; i < n && result == OK; i++) {
        struct move *m = &moves[nmoves];

        *m = (struct move){.role = files[i].role, .to = files[i].path};
        result = find_place(r, id, &files[i], &m->from, err);
        nmoves += m->from != NULL;
    }
    if (result == OK && nmoves && (result = recorder_begin(r, err)) == OK)
        result = move_all(r, id, nmoves, moves, err);
    if (result == OK && nmoves)
        result = recorder_commit(r, err);
    for (size_t i = 0; i < nmoves; i++)
        free(moves[i].from);
    free(moves);
    return result;
}

status recorder_add_experiment(struct recorder *r, const struct experiment_row *row, int64_t *id,
                               struct error *err)
{
    char now[32];

    time_now_text(now);
    const struct cell cells[] = {
        TEXT(row->uid),
        TEXT(row->name),
        TEXT(row->spec),
        TEXT(row->spec_sha256),
        TEXT(now),
        TEXT(row->command),
        TEXT(row->version),
        TEXT(row->runner_sha256),
        TEXT(row->git_commit),
        TEXT(row->host),
        TEXT(row->cpu),
        TEXT(row->kernels),
        TEXT(row->identity ? row->identity : row->uid),
        TEXT(row->objective ? row->objective : "validation.loss"),
        TEXT(goal_of(row)),
        TEXT(at_of(row)),
        TEXT(strategy_of(row)),
        TEXT(row->user),
    };
    if (recorder_begin(r, err) != OK || RUN(r, SQL_ADD_EXPERIMENT, cells, err) != OK)
        return FAILED;
    *id = sqlite3_last_insert_rowid(r->db);
    return add_files(r, *id, row, false, err);
}

status recorder_extend_experiment(struct recorder *r, int64_t id, const struct experiment_row *row,
                                  struct error *err)
{
    const struct cell cells[] = {INT(id),
                                 TEXT(row->spec),
                                 TEXT(row->spec_sha256),
                                 TEXT(row->identity),
                                 TEXT(row->objective),
                                 TEXT(goal_of(row)),
                                 TEXT(at_of(row)),
                                 TEXT(strategy_of(row))};

    if (recorder_begin(r, err) != OK || RUN(r, SQL_EXTEND_EXPERIMENT, cells, err) != OK)
        return FAILED;
    return add_files(r, id, row, true, err);
}

status recorder_add_run(struct recorder *r, const struct run_row *row, int64_t *id, struct error *err)
{
    const struct cell cells[] = {TEXT(row->uid),
                                 INT(row->experiment_id),
                                 INT(row->trial),
                                 INT(row->repeat),
                                 INT((int64_t)row->seed),
                                 TEXT(row->resolved),
                                 {.type = row->id ? CELL_INT : CELL_NULL, .i = row->id}};

    if (recorder_begin(r, err) != OK || RUN(r, SQL_ADD_RUN, cells, err) != OK)
        return FAILED;
    *id = sqlite3_last_insert_rowid(r->db);
    for (size_t i = 0; i < row->nvalues; i++) {
        const struct axis_value *v = &row->values[i];
        struct cell param[] = {INT(*id), TEXT(v->path), TEXT(v->text), TEXT(v->json)};

        if (v->type == VALUE_INT)
            param[2] = (struct cell)INT(v->i);
        else if (v->type == VALUE_REAL)
            param[2] = (struct cell){.type = CELL_REAL, .x = v->x};
        if (RUN(r, SQL_ADD_PARAM, param, err) != OK)
            return FAILED;
    }
    for (size_t i = 0; i < row->nplugins; i++) {
        const struct plugin_row *p = &row->plugins[i];
        const struct cell plugin[] = {INT(*id),      TEXT(p->kind),   TEXT(p->name),   TEXT(p->version),
                                      TEXT(p->path), TEXT(p->sha256), TEXT(p->verdict)};

        if (RUN(r, SQL_ADD_PLUGIN, plugin, err) != OK)
            return FAILED;
    }
    return OK;
}
