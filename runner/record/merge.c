/* merge.c - see merge.h. Experiments, each a transaction; their rows are copied in merge_rows.c.
 */
#include "record/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "record/claim.h"
#include "record/database.h"
#include "record/merge_impl.h"
#include "record/schema.h"

enum { OFTEN = 100000 }; /* steps of SQLite's machine between two looks at the claim */

/* ---- runs ---------------------------------------------------------------------------------- */

static status merge_runs(struct merge *m, int64_t from_experiment, int64_t experiment)
{
    sqlite3_stmt *s = NULL;
    bool done;
    int rc;
    status st = OK;

    if (merge_in_bulk(m, from_experiment, experiment, &done) != OK)
        return FAILED;
    if (done)
        return OK;
    if (sqlite3_prepare_v2(m->from,
                           "SELECT id, trial, repeat, " MERGE_PROGRESS(
                               "main", "runs") ", uid, resolved FROM runs\n"
                                               "WHERE experiment_id = ?1 ORDER BY trial, repeat",
                           -1, &s, NULL))
        return merge_from_error(m);
    sqlite3_bind_int64(s, 1, from_experiment);
    while (st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const struct merged_run r = {.id = sqlite3_column_int64(s, 0),
                                     .trial = sqlite3_column_int64(s, 1),
                                     .repeat = sqlite3_column_int64(s, 2),
                                     .progress = sqlite3_column_int64(s, 3),
                                     .uid = database_text(s, 4),
                                     .resolved = database_text(s, 5)};

        st = merge_run(m, &r, experiment);
    }
    if (st == OK && rc != SQLITE_DONE)
        st = merge_from_error(m);
    sqlite3_finalize(s);
    return st;
}

/* ---- experiments ------------------------------------------------------------------------------ */

/* Whether the experiment OLD is to say what FROM's says: that was extended further. */
static status supersedes(struct merge *m, int64_t old, const char *identity, int64_t runs, bool *out)
{
    int64_t here, differs, later;

    *out = false;
    if (merge_look(m, "SELECT count(*) FROM runs WHERE experiment_id = ?2", NULL, old, &here) ||
        merge_look(m, "SELECT identity <> ?1 FROM experiments WHERE id = ?2", identity, old, &differs) ||
        merge_look(m, "SELECT ?1 > identity FROM experiments WHERE id = ?2", identity, old, &later))
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
            st = merge_exec(m, sql);
        free(sql);
        if (st != OK || !better)
            return st;
    }
    if (merge_copy(m, &m->experiments, from_id, *id >= 0, &of_row))
        return FAILED;
    if (*id < 0) {
        *id = of_file.value = sqlite3_last_insert_rowid(m->to);
        m->counts->experiments++;
    }
    return merge_copy(m, &m->data_files, from_id, 1, &of_file);
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

/* A merge may take longer than a claim lives that is not touched. True ends the statement. */
static int beat(void *arg)
{
    struct merge *m = arg;
    char *note = NULL;

    if (m->claim && !m->taken && claim_beat(m->claim, &note, &m->why) != OK)
        m->taken = true;
    free(note); /* what is merged is safe in any case */
    return m->taken;
}

static status merge_experiment(struct merge *m, int64_t from_id, const char *uid, const char *identity,
                               int64_t runs)
{
    struct claim claim;
    int64_t id;
    status st = FAILED;

    if (claim_take(m->to_path, uid, &claim, m->err))
        return error_prepend(m->err, "%s", m->to_path);
    m->claim = &claim;
    if (merge_exec(m, "BEGIN IMMEDIATE") == OK) {
        if (merge_look(m, "SELECT id FROM experiments WHERE uid = ?1", uid, 0, &id) == OK &&
            merge_row(m, from_id, identity, runs, &id) == OK && merge_runs(m, from_id, id) == OK &&
            /* A part of one's own runs has no others. */
            ((m->choice && m->choice->runs) || merge_authors(m, from_id) == OK))
            st = merge_exec(m, "COMMIT");
        st = settle(m, st);
    }
    if (st != OK && m->taken)
        *m->err = m->why;
    m->claim = NULL;
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
        return merge_from_error(m);
    while (st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        if (!m->choice || !m->choice->experiment || m->choice->experiment == sqlite3_column_int64(s, 0))
            st = merge_experiment(m, sqlite3_column_int64(s, 0), database_text(s, 1), database_text(s, 2),
                                  sqlite3_column_int64(s, 3));
    if (st == OK && rc != SQLITE_DONE)
        st = merge_from_error(m);
    sqlite3_finalize(s);
    return st;
}

status merge_database(sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path,
                      const struct merge_files *files, const struct merge_choice *choice,
                      struct merge_counts *out, struct error *err)
{
    struct merge m = {.from = from,
                      .to = to,
                      .from_path = from_path,
                      .to_path = to_path,
                      .files = files,
                      .choice = choice,
                      .counts = out,
                      .err = err};
    status st = FAILED;

    *out = (struct merge_counts){0};
    /* One moment of FROM, whoever writes to it meanwhile: of each experiment, where it is attached. */
    if (sqlite3_exec(from, "BEGIN", NULL, NULL, NULL)) {
        merge_from_error(&m);
        return FAILED;
    }
    if (merge_attach(&m) || merge_prepare(&m, &m.experiments, "experiments", "id") ||
        merge_prepare(&m, &m.data_files, "data_files", "experiment_id") ||
        merge_prepare(&m, &m.runs, "runs", "id"))
        goto out;
    for (const char *const *t = schema_run_tables; *t; t++)
        if (strcmp(*t, "checkpoints") != 0 && merge_prepare(&m, &m.table[m.ntables++], *t, "run_id"))
            goto out;
    sqlite3_progress_handler(to, OFTEN, beat, &m);
    st = merge_all(&m);
    sqlite3_progress_handler(to, 0, NULL, NULL);
out:
    merge_finish(&m.experiments);
    merge_finish(&m.data_files);
    merge_finish(&m.runs);
    for (size_t i = 0; i < m.ntables; i++)
        merge_finish(&m.table[i]);
    merge_detach(&m);
    sqlite3_exec(from, "COMMIT", NULL, NULL, NULL);
    return st;
}
