/* merge_rows.c - rows of one database copied into another, column by column by the names that TO has, with
 * new numbers for experiments and runs; and one run with all its rows. See merge.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/run_status.h"
#include "base/text.h"
#include "record/database.h"
#include "record/merge_impl.h"
#include "record/schema.h"
#include "record/writer.h"

status merge_from_error(struct merge *m)
{
    return database_error(m->from, sqlite3_extended_errcode(m->from), m->from_path, m->err);
}

static status to_error(struct merge *m, int rc)
{
    return database_error(m->to, rc, m->to_path, m->err);
}

/* Of what reads FROM's rows. */
static status rows_error(struct merge *m)
{
    return m->attached ? database_error(m->to, sqlite3_extended_errcode(m->to), m->from_path, m->err)
                       : merge_from_error(m);
}

status merge_exec(struct merge *m, const char *sql)
{
    const int rc = sqlite3_exec(m->to, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? OK : to_error(m, rc);
}

/* ---- copying rows --------------------------------------------------------------------- */

/* KEY: the column that says whose rows these are. */
status merge_prepare(struct merge *m, struct copier *c, const char *table, const char *key)
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
    strbuf_addf(&get, " FROM %s%s WHERE %s = ?1%s", m->attached ? "source." : "", table, key,
                strcmp(table, "events") == 0 ? " ORDER BY id" : "");
    strbuf_addf(&put, ") VALUES (%s)", values.text);
    if (rc != SQLITE_DONE || (rc = sqlite3_prepare_v2(m->to, put.text, -1, &c->put, NULL)) != SQLITE_OK)
        to_error(m, rc);
    else if (sqlite3_prepare_v2(m->attached ? m->to : m->from, get.text, -1, &c->get, NULL) != SQLITE_OK)
        rows_error(m);
    else
        st = OK;
    sqlite3_finalize(names);
    strbuf_release(&get);
    strbuf_release(&put);
    strbuf_release(&values);
    free(ask);
    return st;
}

void merge_finish(struct copier *c)
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
status merge_copy(struct merge *m, struct copier *c, int64_t key, size_t n, const struct instead *instead)
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
    return rc == SQLITE_DONE ? OK : rows_error(m);
}

/* The first column of the only row of SQL with ?1 TEXT and ?2 NUMBER; -1 without one. */
status merge_look(struct merge *m, const char *sql, const char *text, int64_t number, int64_t *out)
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

static status remove_run(struct merge *m, int64_t run)
{
    struct strbuf sql = {0};
    status st;

    for (const char *const *t = schema_run_tables; *t; t++)
        strbuf_addf(&sql, "DELETE FROM %s WHERE run_id = %lld;", *t, (long long)run);
    strbuf_addf(&sql, "DELETE FROM runs WHERE id = %lld", (long long)run);
    st = merge_exec(m, sql.text);
    strbuf_release(&sql);
    return st;
}

/* The trial that R is of here: its own number, unless an experiment that was extended in two ways
 * gave that to another; then that of its repeats, or the next. */
static status find_trial(struct merge *m, const struct merged_run *r, int64_t experiment, int64_t *trial)
{
    static const char taken[] = "SELECT 1 FROM runs WHERE experiment_id = ?2 AND trial = %lld\n"
                                "AND resolved <> ?1 LIMIT 1";
    static const char same[] = "SELECT trial FROM runs WHERE experiment_id = ?2 AND resolved = ?1 LIMIT 1";
    char *sql = mem_format(taken, (long long)r->trial);
    int64_t other;
    status st = merge_look(m, sql, r->resolved, experiment, &other);

    *trial = r->trial;
    free(sql);
    if (st == OK && other >= 0) {
        st = merge_look(m, same, r->resolved, experiment, trial);
        if (st == OK && *trial < 0)
            st = merge_look(m, "SELECT max(trial) + 1 FROM runs WHERE experiment_id = ?2", NULL, experiment,
                            trial);
    }
    return st;
}

/* Before RUN is replaced: who trained it; and afterwards: they are its authors beside the new one. */
static status keep_authors(struct merge *m, int64_t run)
{
    char *sql = mem_format("CREATE TEMP TABLE IF NOT EXISTS kept_authors (user, host);"
                           "DELETE FROM temp.kept_authors;"
                           "INSERT INTO temp.kept_authors SELECT user, coalesce(host, '') FROM main.runs\n"
                           "  WHERE id = %lld AND user IS NOT NULL\n"
                           "  UNION SELECT user, host FROM main.authors WHERE run_id = %lld",
                           (long long)run, (long long)run);
    const status st = merge_exec(m, sql);

    free(sql);
    return st;
}

static status put_authors(struct merge *m, int64_t run)
{
    char *sql = mem_format("INSERT OR IGNORE INTO main.authors (run_id, user, host)\n"
                           "  SELECT r.id, k.user, k.host FROM temp.kept_authors AS k JOIN main.runs AS r\n"
                           "  ON r.id = %lld WHERE k.user IS NOT r.user",
                           (long long)run);
    const status st = merge_exec(m, sql);

    free(sql);
    return st;
}

status merge_files_of(struct merge *m, int64_t run, int64_t id)
{
    return m->files->copy(m->attached ? m->to : m->from, m->attached ? "source." : "", m->from_path, run,
                          m->to, m->to_path, id, &m->counts->checkpoints, &m->counts->lost, &m->made_files,
                          m->err);
}

static status copy_run(struct merge *m, const struct merged_run *r, int64_t experiment, int64_t old)
{
    struct instead of_run[3] = {{"experiment_id", experiment}, {"trial", r->trial}, {"id", old}};
    struct instead of_row = {"run_id", old};
    status st = FAILED;

    if (old >= 0) {
        /* The row keeps its number and its place. */
        if (merge_look(m, "SELECT trial FROM runs WHERE id = ?2", NULL, old, &of_run[1].value) ||
            m->files->list(m->to, old, &m->old_files, m->err) || keep_authors(m, old) || remove_run(m, old))
            goto out;
    } else if (find_trial(m, r, experiment, &of_run[1].value)) {
        goto out;
    }
    if (merge_copy(m, &m->runs, r->id, old >= 0 ? 3 : 2, of_run))
        goto out;
    if (old < 0)
        of_row.value = sqlite3_last_insert_rowid(m->to);
    for (size_t i = 0; i < m->ntables; i++)
        if (merge_copy(m, &m->table[i], r->id, 1, &of_row))
            goto out;
    if (old >= 0 && put_authors(m, old))
        goto out;
    st = merge_files_of(m, r->id, of_row.value);
out:
    return st;
}

bool merge_is_further(const struct merge *m, int64_t there, int64_t here)
{
    return there > here || (m->choice && m->choice->later && there == here && here < MERGE_ENDED);
}

status merge_run(struct merge *m, const struct merged_run *r, int64_t experiment)
{
    int64_t old, progress;

    if (merge_look(m, "SELECT id FROM runs WHERE uid = ?1", r->uid, 0, &old) ||
        merge_look(m, "SELECT " MERGE_PROGRESS("main", "runs") " FROM runs WHERE uid = ?1", r->uid, 0,
                   &progress))
        return FAILED;
    if (old >= 0 && !merge_is_further(m, r->progress, progress)) {
        m->counts->known++;
        return m->files->recover(m->to, m->to_path, old, m->err);
    }
    *(old >= 0 ? &m->counts->replaced : &m->counts->added) += 1;
    return copy_run(m, r, experiment, old);
}
