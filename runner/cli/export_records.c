/* export_records.c - `fell export --csv`: see export_records.h. TensorBoard's files are in export_series.c.
 */
#include "cli/export_records.h"

#include <stdlib.h>
#include <string.h>

#include "base/new_file.h"
#include "base/text.h"
#include "cli/results.h"
#include "record/database.h"
#include "record/schema.h"

status record_choice_find(sqlite3 *db, const char *text, struct record_choice *out, struct error *err)
{
    int64_t number;
    const bool run = text_to_int(text, &number);

    out->column = run ? "id" : "experiment_id";
    return run ? results_run(db, text, &out->id, err) : results_experiment(db, text, &out->id, err);
}

/* ---- one table as CSV ------------------------------------------------------------------------ */

/* A text as RFC 4180 wants it. One that is empty has quotes: a field without is NULL. */
static void put_text(FILE *to, const char *text)
{
    if (*text && !strpbrk(text, ",\"\r\n") && *text != ' ') {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text; text++)
        fprintf(to, *text == '"' ? "\"%c" : "%c", *text);
    fputc('"', to);
}

static void put_value(FILE *to, sqlite3_stmt *s, int i)
{
    char number[32];

    switch (sqlite3_column_type(s, i)) {
    case SQLITE_NULL:
        break;
    case SQLITE_INTEGER:
        fprintf(to, "%lld", (long long)sqlite3_column_int64(s, i));
        break;
    case SQLITE_FLOAT:
        text_from_double(sqlite3_column_double(s, i), number);
        fputs(number, to);
        break;
    default:
        put_text(to, database_text(s, i));
    }
}

/* All rows of SQL, whose ?1 is ID, to the file PATH. */
static status write_table(sqlite3 *db, const char *sql, int64_t id, const char *path, int64_t *rows,
                          struct error *err)
{
    sqlite3_stmt *s;
    struct new_file f;
    status result;

    if (results_query(db, sql, 1, &id, &s, err) != OK)
        return FAILED;
    if (new_file_begin(&f, path, err) != OK) {
        sqlite3_finalize(s);
        return FAILED;
    }
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        fputs(i ? "," : "", f.to);
        put_text(f.to, sqlite3_column_name(s, i));
    }
    fputc('\n', f.to);
    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            if (i)
                fputc(',', f.to);
            put_value(f.to, s, i);
        }
        fputc('\n', f.to);
        ++*rows;
    }
    result = results_end(db, s, err);
    if (result == OK)
        return new_file_end(&f, NEW_FILE_REPLACE, err);
    (void)new_file_end(&f, NEW_FILE_DROP, &(struct error){0});
    return FAILED;
}

/* ---- every table --------------------------------------------------------------------------------- */

static status write_tables(sqlite3 *db, const struct record_choice *runs, const char *folder, int64_t *rows,
                           struct error *err)
{
    static const char types[] =
        "SELECT m.name AS \"table\", p.name AS \"column\", p.type\n"
        "FROM (SELECT name FROM sqlite_schema UNION SELECT name FROM "
        "sqlite_temp_schema) AS m, pragma_table_info(m.name) AS p\n"
        "WHERE ?1 AND m.name IN ('experiments', 'data_files', 'runs'%s) ORDER BY m.name, p.cid";
    char *of = mem_format("SELECT r.id FROM runs AS r WHERE r.%s = ?1", runs->column);
    char *whole = mem_format("SELECT r.experiment_id FROM runs AS r WHERE r.%s = ?1", runs->column);
    struct strbuf names = {0};
    status result = path_make_folder(folder, err);
    int64_t ignored = 0;

    for (size_t i = 0; result == OK; i++) {
        const char *const others[] = {"experiments", "data_files", "runs"};
        const size_t n = sizeof others / sizeof *others;
        const char *name = i < n ? others[i] : schema_run_tables[i - n];
        const char *key = i == 0 || i == 2 ? "id" : i == 1 ? "experiment_id" : "run_id";
        char *sql, *path;

        if (!name)
            break;
        sql = mem_format("SELECT * FROM %s WHERE %s IN (%s)", name, key, i < 2 ? whole : of);
        path = mem_format("%s/%s.csv", folder, name);
        if (i >= n)
            strbuf_addf(&names, ", '%s'", name);
        result = write_table(db, sql, runs->id, path, rows, err);
        free(sql);
        free(path);
    }
    if (result == OK) {
        char *sql = mem_format(types, names.text), *path = mem_format("%s/columns.csv", folder);

        result = write_table(db, sql, 1, path, &ignored, err);
        free(sql);
        free(path);
    }
    strbuf_release(&names);
    free(of);
    free(whole);
    return result;
}

enum { OWN_COLUMNS = 60 }; /* those of a row that is no setting's or metric's are fewer */

/* ---- epochs side by side --------------------------------------------------------------------------- */

/* The rows of SQL, a name and what stands before it as the name of the column, as columns of an SQL question:
 * BEFORE, then the name as a text. */
static status add_columns(sqlite3 *db, const char *sql, int64_t id, const char *before, struct strbuf *out,
                          int *columns, struct error *err)
{
    sqlite3_stmt *s;

    if (results_query(db, sql, 1, &id, &s, err) != OK)
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        char *quoted = sqlite3_mprintf("%Q", database_text(s, 0));
        char *name = sqlite3_mprintf("\"%w%w\"", database_text(s, 1), database_text(s, 0));

        strbuf_addf(out, ",\n  (%s = %s) AS %s", before, quoted ? quoted : "''", name ? name : "\"\"");
        sqlite3_free(quoted);
        sqlite3_free(name);
        ++*columns;
    }
    return results_end(db, s, err);
}

static status write_epochs(sqlite3 *db, const struct record_choice *runs, const char *path, int64_t *rows,
                           struct error *err)
{
    char *metrics =
        mem_format("SELECT DISTINCT m.split || '.' || m.name AS name, '' AS before FROM metrics AS m JOIN\n"
                   "  runs AS r ON r.id = m.run_id WHERE r.%s = ?1 ORDER BY 1",
                   runs->column);
    /* One whose name another column has is told apart. */
    char *params = mem_format("SELECT DISTINCT p.path, CASE WHEN p.path COLLATE NOCASE IN (%s)\n"
                              "  OR p.path COLLATE NOCASE IN (SELECT name FROM pragma_table_info('epochs'))\n"
                              "  OR p.path COLLATE NOCASE IN (SELECT name FROM (%s))\n"
                              "  THEN 'swept.' ELSE '' END\n"
                              "FROM run_params AS p JOIN runs AS r ON r.id = p.run_id\n"
                              "WHERE r.%s = ?1 ORDER BY p.path",
                              "'experiment', 'trial', 'repeat', 'seed', 'status'", metrics, runs->column);
    struct strbuf sql = {0};
    const int most = sqlite3_limit(db, SQLITE_LIMIT_COLUMN, -1) - OWN_COLUMNS;
    status result = FAILED;
    int columns = 0;

    strbuf_add(&sql, "SELECT x.name AS experiment, r.trial, r.repeat, r.seed, r.status");
    if (add_columns(db, params, runs->id, "SELECT value FROM run_params WHERE run_id = r.id AND path", &sql,
                    &columns, err) == OK) {
        strbuf_add(&sql, ",\n  e.*");
        result = add_columns(
            db, metrics, runs->id,
            "SELECT value FROM metrics WHERE run_id = r.id AND epoch = e.epoch AND split || '.' || name",
            &sql, &columns, err);
    }
    if (result == OK && columns > most)
        result = error_set(err,
                           "%s: one table would have a column for each of %d settings and metrics, and can "
                           "have %d; as tables of their own they have room: --csv FOLDER",
                           path, columns, most);
    strbuf_addf(&sql,
                "\nFROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id JOIN epochs AS e ON "
                "e.run_id = r.id\n"
                "WHERE r.%s = ?1 ORDER BY r.id, e.epoch",
                runs->column);
    if (result == OK)
        result = write_table(db, sql.text, runs->id, path, rows, err);
    strbuf_release(&sql);
    free(params);
    free(metrics);
    return result;
}

status export_csv(sqlite3 *db, const struct record_choice *runs, const char *path, int64_t *rows,
                  struct error *err)
{
    const size_t n = strlen(path);

    *rows = 0;
    return n > 4 && strcmp(path + n - 4, ".csv") == 0 ? write_epochs(db, runs, path, rows, err)
                                                      : write_tables(db, runs, path, rows, err);
}
