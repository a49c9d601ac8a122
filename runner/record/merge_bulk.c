/* merge_bulk.c - the runs of one experiment put into another database all at once: a statement for each
 * table. See merge.h. What a run loses to, or is replaced by, is decided as in merge.c, which does the single
 * ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/database.h"
#include "record/merge_impl.h"
#include "record/schema.h"

static status failed(struct merge *m)
{
    return database_error(m->to, sqlite3_extended_errcode(m->to), m->to_path, m->err);
}

/* ---- the second database -------------------------------------------------------------------- */

static int64_t version_of(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    int64_t version = -1;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        version = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return version;
}

/* As the caller has opened it (results_open()), but for reading alone: a transaction of TO then locks no
 * more. */
static char *uri_of(sqlite3 *from)
{
    static const char *const kept[] = {"immutable", "readonly_shm"};
    const char *path = sqlite3_db_filename(from, "main");
    struct strbuf b = {0};

    strbuf_add(&b, "file:");
    for (const char *p = path; *p; p++) {
        if (strchr("?#%", *p))
            strbuf_addf(&b, "%%%02x", (unsigned char)*p);
        else
            strbuf_addn(&b, p, 1);
    }
    strbuf_add(&b, "?mode=ro");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (sqlite3_uri_boolean(path, kept[i], 0))
            strbuf_addf(&b, "&%s=1", kept[i]);
    return b.text;
}

status merge_attach(struct merge *m)
{
    const char *path = sqlite3_db_filename(m->from, "main");
    char *uri, *sql;

    if (!path || !*path || version_of(m->from) != schema_version)
        return OK;
    uri = uri_of(m->from);
    sql = sqlite3_mprintf("ATTACH %Q AS source;"
                          "CREATE TEMP TABLE merged (id INTEGER PRIMARY KEY, source INTEGER NOT NULL);"
                          "CREATE TEMP TABLE chosen (id INTEGER PRIMARY KEY)",
                          uri);
    sqlite3_exec(m->to, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
    /* What cannot be read twice is read once, slowly. */
    m->attached = sql && sqlite3_exec(m->to, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!m->attached)
        merge_detach(m);
    sqlite3_free(sql);
    free(uri);
    return OK;
}

void merge_detach(struct merge *m)
{
    sqlite3_exec(m->to, "DROP TABLE IF EXISTS temp.merged; DROP TABLE IF EXISTS temp.chosen", NULL, NULL,
                 NULL);
    sqlite3_exec(m->to, "DETACH source", NULL, NULL, NULL);
    m->attached = false;
}

/* ---- which runs --------------------------------------------------------------------------------- */

/* SQL, whose ?1 and ?2 are the experiment in FROM and in TO. */
static status run(struct merge *m, const char *sql, int64_t from, int64_t to)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(m->to, sql, -1, &s, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(s, 1, from);
        if (sqlite3_bind_parameter_count(s) > 1)
            sqlite3_bind_int64(s, 2, to);
        rc = sqlite3_step(s);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? OK : failed(m);
}

static status choose(struct merge *m, int64_t from)
{
    sqlite3_stmt *s = NULL;
    int rc;

    if (merge_exec(m, "DELETE FROM temp.chosen; DELETE FROM temp.merged"))
        return FAILED;
    if (!m->choice || !m->choice->runs)
        return run(m, "INSERT INTO temp.chosen SELECT id FROM source.runs WHERE experiment_id = ?1", from, 0);
    rc = sqlite3_prepare_v2(m->to, "INSERT OR IGNORE INTO temp.chosen VALUES (?1)", -1, &s, NULL);
    for (size_t i = 0; i < m->choice->n && rc == SQLITE_OK; i++) {
        sqlite3_bind_int64(s, 1, m->choice->runs[i]);
        if (sqlite3_step(s) == SQLITE_DONE)
            rc = sqlite3_reset(s);
        else
            rc = sqlite3_errcode(m->to);
    }
    sqlite3_finalize(s);
    return rc == SQLITE_OK ? OK : failed(m);
}

/* An experiment that was extended in two ways: trials get other numbers. */
static const char clash_sql[] =
    "SELECT EXISTS (SELECT 1 FROM temp.chosen AS c JOIN source.runs AS s USING (id)\n"
    "  JOIN main.runs AS t ON t.experiment_id = ?2 AND t.trial = s.trial\n"
    "  WHERE t.resolved <> s.resolved)";

static const char new_sql[] =
    "INSERT INTO temp.merged SELECT (SELECT coalesce(max(id), 0) FROM main.runs) +\n"
    "    row_number() OVER (ORDER BY s.trial, s.repeat), s.id\n"
    "FROM temp.chosen JOIN source.runs AS s USING (id) WHERE s.experiment_id = ?1\n"
    "AND NOT EXISTS (SELECT 1 FROM main.runs AS t WHERE t.uid = s.uid)";

static const char keep_sql[] =
    "INSERT INTO temp.merged SELECT s.id, s.id FROM temp.chosen JOIN source.runs AS s USING (id)\n"
    "WHERE s.experiment_id = ?1 AND NOT EXISTS (SELECT 1 FROM main.runs AS t WHERE t.uid = s.uid)";

/* The new ones, with their numbers in TO. */
static status number_new(struct merge *m, int64_t from)
{
    int64_t taken = 1;

    if (m->choice && m->choice->keep) {
        if (run(m, keep_sql, from, 0) ||
            merge_look(m, "SELECT EXISTS (SELECT 1 FROM temp.merged JOIN main.runs USING (id))", NULL, 0,
                       &taken))
            return FAILED;
        if (taken && merge_exec(m, "DELETE FROM temp.merged"))
            return FAILED;
    }
    return taken ? run(m, new_sql, from, 0) : OK;
}

/* ---- copying -------------------------------------------------------------------------------------- */

/* The statement that copies the rows of TABLE; the runs themselves have no run_id. */
static char *copy_sql(struct merge *m, const char *table)
{
    const bool runs = strcmp(table, "runs") == 0, events = strcmp(table, "events") == 0;
    char *ask = mem_format("SELECT name FROM pragma_table_info('%s', 'main') ORDER BY cid", table);
    struct strbuf columns = {0}, values = {0}, sql = {0};
    sqlite3_stmt *names = NULL;
    int rc = sqlite3_prepare_v2(m->to, ask, -1, &names, NULL);

    strbuf_add(&columns, "");
    strbuf_add(&values, "");
    while (rc == SQLITE_OK && sqlite3_step(names) == SQLITE_ROW) {
        const char *name = database_text(names, 0), *comma = columns.len ? ", " : "";

        strbuf_addf(&columns, "%s%s", comma, name);
        if (strcmp(name, runs ? "id" : "run_id") == 0)
            strbuf_addf(&values, "%sm.id", comma);
        else if (strcmp(name, "id") == 0)
            strbuf_addf(&values, "%sNULL", comma);
        else if (strcmp(name, "experiment_id") == 0)
            strbuf_addf(&values, "%s?2", comma);
        else if (runs && strcmp(name, "status") == 0)
            strbuf_addf(&values, "%siif(s.status = 'running', 'interrupted', s.status)", comma);
        else
            strbuf_addf(&values, "%ss.%s", comma, name);
    }
    strbuf_addf(&sql,
                "INSERT INTO main.%s (%s) SELECT %s FROM temp.merged AS m CROSS JOIN source.%s AS s\n"
                "ON s.%s = m.source WHERE ?1 ORDER BY m.id%s",
                table, columns.text, values.text, table, runs ? "id" : "run_id", events ? ", s.id" : "");
    sqlite3_finalize(names);
    strbuf_release(&columns);
    strbuf_release(&values);
    free(ask);
    return sql.text;
}

static status copy_table(struct merge *m, const char *table, int64_t from, int64_t to)
{
    char *sql = copy_sql(m, table);
    const status st = run(m, sql, from, to);

    free(sql);
    return st;
}

/* The files of checkpoints, with their rows; of runs that were there, what an earlier merge left half done.
 */
static status copy_files(struct merge *m)
{
    static const char sql[] =
        "SELECT m.source, m.id FROM temp.merged AS m WHERE EXISTS (SELECT 1 FROM source.checkpoints AS c\n"
        "  WHERE c.run_id = m.source) UNION ALL\n"
        "SELECT NULL, t.id FROM temp.chosen AS c JOIN source.runs AS s USING (id) JOIN main.runs AS t\n"
        "  ON t.uid = s.uid WHERE EXISTS (SELECT 1 FROM main.checkpoints AS k WHERE k.run_id = t.id)\n"
        "  AND NOT EXISTS (SELECT 1 FROM temp.merged WHERE id = t.id)";
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(m->to, sql, -1, &s, NULL);
    status st = OK;

    while (rc == SQLITE_OK && st == OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const int64_t source = sqlite3_column_int64(s, 0), id = sqlite3_column_int64(s, 1);

        if (source)
            st = merge_files_of(m, source, id);
        else
            st = m->files->recover(m->to, m->to_path, id, m->err);
        rc = SQLITE_OK;
    }
    if (st == OK && rc != SQLITE_DONE)
        st = failed(m);
    sqlite3_finalize(s);
    return st;
}

/* Runs that are there, and further in FROM. */
static status replace(struct merge *m, int64_t experiment)
{
    static const char sql[] = "SELECT s.id, s.trial, s.repeat, " MERGE_PROGRESS(
        "source",
        "s") " AS progress, s.uid, s.resolved, " MERGE_PROGRESS("main",
                                                                "t") " AS here\n"
                                                                     "FROM temp.chosen AS c JOIN source.runs "
                                                                     "AS s USING (id) JOIN main.runs AS t ON "
                                                                     "t.uid = s.uid\n"
                                                                     "WHERE NOT EXISTS (SELECT 1 FROM "
                                                                     "temp.merged WHERE id = t.id)\n"
                                                                     "AND progress >= here ORDER BY s.trial, "
                                                                     "s.repeat";
    struct merged_run *list = NULL;
    struct arena *arena = arena_new();
    sqlite3_stmt *s = NULL;
    size_t n = 0;
    int rc = sqlite3_prepare_v2(m->to, sql, -1, &s, NULL);
    status st = OK;

    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *uid = database_text(s, 4);

        rc = SQLITE_OK;
        if (!merge_is_further(m, sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 6)))
            continue;
        list = mem_grow(list, n + 1, sizeof *list);
        list[n] = (struct merged_run){.id = sqlite3_column_int64(s, 0),
                                      .trial = sqlite3_column_int64(s, 1),
                                      .repeat = sqlite3_column_int64(s, 2),
                                      .progress = sqlite3_column_int64(s, 3),
                                      .uid = arena_string(arena, uid, strlen(uid))};
        list[n++].resolved = arena_string(arena, database_text(s, 5), strlen(database_text(s, 5)));
    }
    if (rc != SQLITE_DONE)
        st = failed(m);
    sqlite3_finalize(s);
    for (size_t i = 0; i < n && st == OK; i++)
        st = merge_run(m, &list[i], experiment);
    m->counts->known -= st == OK ? (int64_t)n : 0; /* they were counted among those that are there */
    free(list);
    arena_free(arena);
    return st;
}

status merge_in_bulk(struct merge *m, int64_t from, int64_t to, bool *done)
{
    int64_t clash, chosen, added;

    *done = false;
    if (!m->attached)
        return m->choice && m->choice->runs ? error_set(m->err, "%s cannot be read for a merge", m->from_path)
                                            : OK;
    if (choose(m, from) || merge_look(m, clash_sql, NULL, to, &clash))
        return FAILED;
    if (clash)
        return OK;
    if (number_new(m, from) || merge_look(m, "SELECT count(*) FROM temp.chosen", NULL, 0, &chosen) ||
        merge_look(m, "SELECT count(*) FROM temp.merged", NULL, 0, &added) || copy_table(m, "runs", from, to))
        return FAILED;
    for (const char *const *t = schema_run_tables; *t; t++)
        if (strcmp(*t, "checkpoints") != 0 && copy_table(m, *t, from, to))
            return FAILED;
    m->counts->added += added;
    m->counts->known += chosen - added;
    *done = true;
    return copy_files(m) == OK ? replace(m, to) : FAILED; /* what is replaced has files of its own */
}
