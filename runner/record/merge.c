/* merge.c - see merge.h. Rows are copied column by column by the names that TO
 * has, with new numbers for experiments and runs.
 */
#include "record/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/run_status.h"
#include "base/text.h"
#include "record/claim.h"
#include "record/database.h"
#include "record/schema.h"
#include "record/writer.h"

/* Copies rows of one table. */
struct copier {
    const char *table;
    sqlite3_stmt *get, *put; /* get: ?1 is the key; put: a parameter for each column, by its name */
    int columns;
};

enum { MOST_TABLES = 16 };

struct merge {
    sqlite3 *from, *to;
    const char *from_path, *to_path;
    const struct merge_files *files;
    struct strbuf old_files;  /* of runs that are replaced in this transaction */
    struct strbuf made_files; /* in it */
    struct copier experiments, data_files, runs;
    size_t ntables;
    struct copier table[MOST_TABLES]; /* with the rows of a run, but checkpoints */
    struct merge_counts *counts;
    struct error *err;
};

/* A value that takes the place of the one that is read. */
struct instead {
    const char *column;
    int64_t value;
};

static status from_error(struct merge *m)
{
    return database_error(m->from, sqlite3_extended_errcode(m->from), m->from_path, m->err);
}

static status to_error(struct merge *m, int rc)
{
    return database_error(m->to, rc, m->to_path, m->err);
}

static status exec(struct merge *m, const char *sql)
{
    const int rc = sqlite3_exec(m->to, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? OK : to_error(m, rc);
}

/* ---- copying rows --------------------------------------------------------------------- */

/* KEY: the column that says whose rows these are. */
static status prepare(struct merge *m, struct copier *c, const char *table, const char *key)
{
    char *ask = mem_format("SELECT name FROM pragma_table_info('%s', 'main') ORDER BY cid", table);
    struct strbuf get = {0}, put = {0}, values = {0};
    sqlite3_stmt *names = NULL;
    int rc = sqlite3_prepare_v2(m->to, ask, -1, &names, NULL);
    status st = FAILED;

    c->table = table;
    strbuf_add(&get, "SELECT ");
    strbuf_addf(&put, "INSERT INTO %s (", table);
    strbuf_add(&values, "");
    while (rc == SQLITE_OK && (rc = sqlite3_step(names)) == SQLITE_ROW) {
        const char *name = database_text(names, 0), *comma = c->columns ? ", " : "";

        /* Whoever trains a run there trains none here. */
        strbuf_addf(&get, "%s%s", comma,
                    strcmp(name, "status") == 0 ? "iif(status = 'running', 'interrupted', status)" : name);
        strbuf_addf(&put, "%s%s", comma, name);
        strbuf_addf(&values, "%s:%s", comma, name);
        c->columns++;
        rc = SQLITE_OK;
    }
    strbuf_addf(&get, " FROM %s WHERE %s = ?1%s", table, key,
                strcmp(table, "events") == 0 ? " ORDER BY id" : "");
    strbuf_addf(&put, ") VALUES (%s)", values.text);
    if (rc != SQLITE_DONE || (rc = sqlite3_prepare_v2(m->to, put.text, -1, &c->put, NULL)) != SQLITE_OK)
        to_error(m, rc);
    else if (sqlite3_prepare_v2(m->from, get.text, -1, &c->get, NULL) != SQLITE_OK)
        from_error(m);
    else
        st = OK;
    sqlite3_finalize(names);
    strbuf_release(&get);
    strbuf_release(&put);
    strbuf_release(&values);
    free(ask);
    return st;
}

static void finish(struct copier *c)
{
    sqlite3_finalize(c->get);
    sqlite3_finalize(c->put);
}

/* Column COLUMN of FROM's row as parameter AT: without memory for it SQLite would store NULL. */
static void bind_copy(sqlite3_stmt *to, int at, sqlite3_stmt *from, int column)
{
    if (sqlite3_bind_value(to, at, sqlite3_column_value(from, column)) == SQLITE_NOMEM)
        mem_failed();
}

/* The rows of KEY, with the N values of INSTEAD; `id` is a new number unless it is among them. */
static status copy(struct merge *m, struct copier *c, int64_t key, size_t n, const struct instead *instead)
{
    const int id = sqlite3_bind_parameter_index(c->put, ":id");
    int at[3], rc;

    for (size_t k = 0; k < n; k++) {
        char *name = mem_format(":%s", instead[k].column);

        at[k] = sqlite3_bind_parameter_index(c->put, name);
        free(name);
    }
    sqlite3_bind_int64(c->get, 1, key);
    while ((rc = sqlite3_step(c->get)) == SQLITE_ROW) {
        for (int i = 0; i < c->columns; i++)
            bind_copy(c->put, i + 1, c->get, i);
        if (id)
            sqlite3_bind_null(c->put, id);
        for (size_t k = 0; k < n; k++)
            sqlite3_bind_int64(c->put, at[k], instead[k].value);
        if ((rc = sqlite3_step(c->put)) != SQLITE_DONE) {
            to_error(m, rc);
            sqlite3_reset(c->put);
            sqlite3_reset(c->get);
            return FAILED;
        }
        sqlite3_reset(c->put);
    }
    sqlite3_reset(c->get);
    return rc == SQLITE_DONE ? OK : from_error(m);
}

/* The first column of the only row of SQL with ?1 TEXT and ?2 NUMBER; -1 without one. */
static status look(struct merge *m, const char *sql, const char *text, int64_t number, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(m->to, sql, -1, &s, NULL);

    *out = -1;
    if (rc == SQLITE_OK) {
        sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, number);
        rc = sqlite3_step(s);
    }
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    else if (rc != SQLITE_DONE)
        to_error(m, rc);
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OK : FAILED;
}

status merge_add_checkpoint(sqlite3 *to, const char *to_path, int64_t run, const char *path,
                            sqlite3_stmt *from, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(to, WRITER_CHECKPOINT, -1, &s, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, run);
        bind_copy(s, 2, from, 0);
        sqlite3_bind_text(s, 3, path, -1, SQLITE_STATIC);
        bind_copy(s, 4, from, 2);
        bind_copy(s, 5, from, 3);
        rc = sqlite3_step(s);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? OK : database_error(to, rc, to_path, err);
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* How far a run is, as one number: 2^40 with a result, 2^39 when it failed, else its epochs. */
#define PROGRESS                                                                                             \
    "CASE WHEN status IN " RUN_STATUSES_RESULTS " THEN 1 << 40\n"                                            \
    "     WHEN status NOT IN " RUN_STATUSES_UNFINISHED " THEN 1 << 39\n"                                     \
    "     ELSE (SELECT coalesce(max(epoch), 0) FROM epochs WHERE run_id = runs.id) END"

struct one_run {
    int64_t id, trial, repeat, progress;
    const char *uid, *resolved;
};

static status remove_run(struct merge *m, int64_t run)
{
    struct strbuf sql = {0};
    status st;

    for (const char *const *t = schema_run_tables; *t; t++)
        strbuf_addf(&sql, "DELETE FROM %s WHERE run_id = %lld;", *t, (long long)run);
    strbuf_addf(&sql, "DELETE FROM runs WHERE id = %lld", (long long)run);
    st = exec(m, sql.text);
    strbuf_release(&sql);
    return st;
}

/* The trial that R is of here: its own number, unless an experiment that was extended in two ways
 * gave that to another; then that of its repeats, or the next. */
static status find_trial(struct merge *m, const struct one_run *r, int64_t experiment, int64_t *trial)
{
    static const char taken[] = "SELECT 1 FROM runs WHERE experiment_id = ?2 AND trial = %lld\n"
                                "AND resolved <> ?1 LIMIT 1";
    static const char same[] = "SELECT trial FROM runs WHERE experiment_id = ?2 AND resolved = ?1 LIMIT 1";
    char *sql = mem_format(taken, (long long)r->trial);
    int64_t other;
    status st = look(m, sql, r->resolved, experiment, &other);

    *trial = r->trial;
    free(sql);
    if (st == OK && other >= 0) {
        st = look(m, same, r->resolved, experiment, trial);
        if (st == OK && *trial < 0)
            st = look(m, "SELECT max(trial) + 1 FROM runs WHERE experiment_id = ?2", NULL, experiment, trial);
    }
    return st;
}

static status copy_run(struct merge *m, const struct one_run *r, int64_t experiment, int64_t old)
{
    struct instead of_run[3] = {{"experiment_id", experiment}, {"trial", r->trial}, {"id", old}};
    struct instead of_row = {"run_id", old};
    status st = FAILED;

    if (old >= 0) {
        /* The row keeps its number and its place. */
        if (look(m, "SELECT trial FROM runs WHERE id = ?2", NULL, old, &of_run[1].value) ||
            m->files->list(m->to, old, &m->old_files, m->err) || remove_run(m, old))
            goto out;
    } else if (find_trial(m, r, experiment, &of_run[1].value)) {
        goto out;
    }
    if (copy(m, &m->runs, r->id, old >= 0 ? 3 : 2, of_run))
        goto out;
    if (old < 0)
        of_row.value = sqlite3_last_insert_rowid(m->to);
    for (size_t i = 0; i < m->ntables; i++)
        if (copy(m, &m->table[i], r->id, 1, &of_row))
            goto out;
    st = m->files->copy(m->from, m->from_path, r->id, m->to, m->to_path, of_row.value,
                        &m->counts->checkpoints, &m->counts->lost, &m->made_files, m->err);
out:
    return st;
}

static status merge_run(struct merge *m, const struct one_run *r, int64_t experiment)
{
    int64_t old, progress;

    if (look(m, "SELECT id FROM runs WHERE uid = ?1", r->uid, 0, &old) ||
        look(m, "SELECT " PROGRESS " FROM runs WHERE uid = ?1", r->uid, 0, &progress))
        return FAILED;
    if (old >= 0 && progress >= r->progress) {
        m->counts->known++;
        return m->files->recover(m->to, m->to_path, old, m->err);
    }
    *(old >= 0 ? &m->counts->replaced : &m->counts->added) += 1;
    return copy_run(m, r, experiment, old);
}

static status merge_runs(struct merge *m, int64_t from_experiment, int64_t experiment)
{
    sqlite3_stmt *s = NULL;
    int rc;
    status st = OK;

    if (sqlite3_prepare_v2(m->from,
                           "SELECT id, trial, repeat, " PROGRESS ", uid, resolved FROM runs\n"
                           "WHERE experiment_id = ?1 ORDER BY trial, repeat",
                           -1, &s, NULL))
        return from_error(m);
    sqlite3_bind_int64(s, 1, from_experiment);
    while (st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const struct one_run r = {.id = sqlite3_column_int64(s, 0),
                                  .trial = sqlite3_column_int64(s, 1),
                                  .repeat = sqlite3_column_int64(s, 2),
                                  .progress = sqlite3_column_int64(s, 3),
                                  .uid = database_text(s, 4),
                                  .resolved = database_text(s, 5)};

        st = merge_run(m, &r, experiment);
    }
    if (st == OK && rc != SQLITE_DONE)
        st = from_error(m);
    sqlite3_finalize(s);
    return st;
}

/* ---- experiments ------------------------------------------------------------------------------ */

/* Whether the experiment OLD is to say what FROM's says: that was extended further. */
static status supersedes(struct merge *m, int64_t old, const char *identity, int64_t runs, bool *out)
{
    int64_t here, differs, later;

    *out = false;
    if (look(m, "SELECT count(*) FROM runs WHERE experiment_id = ?2", NULL, old, &here) ||
        look(m, "SELECT identity <> ?1 FROM experiments WHERE id = ?2", identity, old, &differs) ||
        look(m, "SELECT ?1 > identity FROM experiments WHERE id = ?2", identity, old, &later))
        return FAILED;
    *out = differs == 1 && (runs > here || (runs == here && later == 1));
    return OK;
}

/* The row and its files; *ID: its number here, -1 when it is new. */
static status merge_row(struct merge *m, int64_t from_id, const char *identity, int64_t runs, int64_t *id)
{
    struct instead of_row = {"id", *id}, of_file = {"experiment_id", *id};
    bool better = true;

    if (*id >= 0) {
        char *sql = mem_format("DELETE FROM experiments WHERE id = %lld;"
                               "DELETE FROM data_files WHERE experiment_id = %lld",
                               (long long)*id, (long long)*id);
        status st = supersedes(m, *id, identity, runs, &better);

        if (st == OK && better)
            st = exec(m, sql);
        free(sql);
        if (st != OK || !better)
            return st;
    }
    if (copy(m, &m->experiments, from_id, *id >= 0, &of_row))
        return FAILED;
    if (*id < 0) {
        *id = of_file.value = sqlite3_last_insert_rowid(m->to);
        m->counts->experiments++;
    }
    return copy(m, &m->data_files, from_id, 1, &of_file);
}

/* The files after the transaction, not before: a merge that fails leaves the old rows, and their files. */
static status settle(struct merge *m, status st)
{
    struct error ignored;

    if (st == OK) {
        st = m->files->settle(&m->made_files, true, m->err);
        m->files->remove(&m->old_files, m->to_path, m->to);
    } else {
        if (!sqlite3_get_autocommit(m->to))
            sqlite3_exec(m->to, "ROLLBACK", NULL, NULL, NULL);
        m->files->settle(&m->made_files, false, &ignored);
    }
    strbuf_release(&m->old_files);
    strbuf_release(&m->made_files);
    return st;
}

static status merge_experiment(struct merge *m, int64_t from_id, const char *uid, const char *identity,
                               int64_t runs)
{
    struct claim claim;
    int64_t id;
    status st = FAILED;

    if (claim_take(m->to_path, uid, &claim, m->err))
        return error_prepend(m->err, "%s", m->to_path);
    if (exec(m, "BEGIN IMMEDIATE") == OK) {
        if (look(m, "SELECT id FROM experiments WHERE uid = ?1", uid, 0, &id) == OK &&
            merge_row(m, from_id, identity, runs, &id) == OK && merge_runs(m, from_id, id) == OK)
            st = exec(m, "COMMIT");
        st = settle(m, st);
    }
    claim_drop(&claim);
    return st;
}

static status merge_all(struct merge *m)
{
    sqlite3_stmt *s = NULL;
    int rc;
    status st = OK;

    if (sqlite3_prepare_v2(
            m->from,
            "SELECT id, uid, identity, (SELECT count(*) FROM runs WHERE experiment_id = x.id)\n"
            "FROM experiments AS x ORDER BY id",
            -1, &s, NULL))
        return from_error(m);
    while (st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        st = merge_experiment(m, sqlite3_column_int64(s, 0), database_text(s, 1), database_text(s, 2),
                              sqlite3_column_int64(s, 3));
    if (st == OK && rc != SQLITE_DONE)
        st = from_error(m);
    sqlite3_finalize(s);
    return st;
}

status merge_database(sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path,
                      const struct merge_files *files, struct merge_counts *out, struct error *err)
{
    struct merge m = {.from = from,
                      .to = to,
                      .from_path = from_path,
                      .to_path = to_path,
                      .files = files,
                      .counts = out,
                      .err = err};
    status st = FAILED;

    *out = (struct merge_counts){0};
    if (prepare(&m, &m.experiments, "experiments", "id") ||
        prepare(&m, &m.data_files, "data_files", "experiment_id") || prepare(&m, &m.runs, "runs", "id"))
        goto out;
    for (const char *const *t = schema_run_tables; *t; t++)
        if (strcmp(*t, "checkpoints") != 0 && prepare(&m, &m.table[m.ntables++], *t, "run_id"))
            goto out;
    /* One moment of FROM, whoever writes to it meanwhile. */
    if (sqlite3_exec(from, "BEGIN", NULL, NULL, NULL)) {
        from_error(&m);
        goto out;
    }
    st = merge_all(&m);
    sqlite3_exec(from, "COMMIT", NULL, NULL, NULL);
out:
    finish(&m.experiments);
    finish(&m.data_files);
    finish(&m.runs);
    for (size_t i = 0; i < m.ntables; i++)
        finish(&m.table[i]);
    return st;
}
