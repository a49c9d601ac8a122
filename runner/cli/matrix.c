/* matrix.c - see matrix.h. */
#include "cli/matrix.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/display.h"
#include "cli/results.h"
#include "record/database.h"

enum { MOST_CLASSES = 16, MOST_PAIRS = 10 };

/* pair(NAME, K): of "confusion.cat.dog" the part K, or NULL where there are not three. */
static void sql_pair(sqlite3_context *context, int n, sqlite3_value **v)
{
    const char *name = (const char *)sqlite3_value_text(v[0]), *found = NULL;
    size_t parts = 0, length = 0;

    (void)n;
    for (const char *p = name; p; p = *p ? p + 1 : NULL) {
        const size_t len = text_part(p);

        if (parts++ == (size_t)sqlite3_value_int(v[1]))
            found = p, length = len;
        p += len;
    }
    if (parts == 3 && found) {
        const bool quoted = length > 1 && found[0] == '"';

        sqlite3_result_text(context, found + quoted, (int)(length - 2 * quoted), SQLITE_TRANSIENT);
    }
}

/* The classes in their order: numbers by their size, others by name. */
#define BY_CLASS(column) "iif(" column " GLOB '[0-9]*', CAST(" column " AS REAL), 1e300), " column

static void print_heading(const char *split, const char *metric, bool many)
{
    struct strbuf line = {0};

    display_add(&line, metric, 40);
    strbuf_add(&line, " of ");
    display_add(&line, split, 40);
    printf("\n%s, last epoch: %s\n", line.text,
           many ? "the classes that are taken for others most"
                : "rows of each class, by what they are taken for");
    strbuf_release(&line);
}

static status print_one(sqlite3 *db, const char *split, const char *metric, int64_t classes,
                        struct error *err)
{
    struct strbuf sql = {0};
    struct table *t = NULL;
    sqlite3_stmt *s = NULL;
    char *of = sqlite3_mprintf("(SELECT * FROM temp.pairs WHERE split = %Q AND metric = %Q)", split, metric);
    status st = OK;

    if (classes > MOST_CLASSES) {
        strbuf_addf(
            &sql,
            "SELECT class, taken AS taken_for, value AS rows FROM %s WHERE class <> taken AND value > 0\n"
            "ORDER BY value DESC, " BY_CLASS("class") ", " BY_CLASS("taken") " LIMIT %d",
            of, MOST_PAIRS);
    } else {
        char *taken = mem_format("SELECT DISTINCT taken FROM %s ORDER BY " BY_CLASS("taken"), of);

        strbuf_add(&sql, "SELECT class AS \"class\"");
        st = results_query(db, taken, 0, NULL, &s, err);
        while (st == OK && sqlite3_step(s) == SQLITE_ROW) {
            char *column = sqlite3_mprintf(",\n  max(value) FILTER (WHERE taken = %Q) AS \"%w\"",
                                           database_text(s, 0), database_text(s, 0));

            strbuf_add(&sql, column ? column : "");
            sqlite3_free(column);
        }
        if (st == OK)
            st = results_end(db, s, err);
        strbuf_addf(&sql, "\nFROM %s GROUP BY class ORDER BY " BY_CLASS("class"), of);
        free(taken);
    }
    if (st == OK)
        st = results_table_of(db, sql.text, 0, NULL, &t, err);
    if (st == OK) {
        print_heading(split, metric, classes > MOST_CLASSES);
        table_print(t, stdout, 2);
    }
    table_free(t);
    sqlite3_free(of);
    strbuf_release(&sql);
    return st;
}

/* temp.pairs: split, epoch, metric, class, taken, value. */
static status begin(sqlite3 *db, int64_t run, struct error *err)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    char *sql = mem_format("PRAGMA query_only = OFF;\nDROP TABLE IF EXISTS temp.pairs;\n"
                           "CREATE TEMP TABLE pairs AS SELECT m.split, m.epoch, pair(m.name, 0) AS metric,\n"
                           "  pair(m.name, 1) AS class, pair(m.name, 2) AS taken, m.value FROM metrics AS m\n"
                           "WHERE m.run_id = %lld AND pair(m.name, 0) IS NOT NULL AND m.epoch =\n"
                           "  (SELECT max(epoch) FROM metrics WHERE run_id = %lld);\n"
                           "PRAGMA query_only = ON",
                           (long long)run, (long long)run);
    const bool ok = sqlite3_create_function(db, "pair", 2, flags, NULL, sql_pair, NULL, NULL) == SQLITE_OK &&
                    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

    free(sql);
    return ok ? OK : results_error(db, err);
}

status matrix_print(sqlite3 *db, int64_t run, struct error *err)
{
    sqlite3_stmt *s = NULL;
    status st = OK;

    if (begin(db, run, err) != OK ||
        results_query(db,
                      "SELECT split, metric, max(count(DISTINCT class), count(DISTINCT taken)) FROM "
                      "temp.pairs GROUP BY split, metric\n"
                      "ORDER BY metric, split <> 'train', split <> 'validation'",
                      0, NULL, &s, err) != OK)
        return FAILED;
    while (st == OK && sqlite3_step(s) == SQLITE_ROW)
        st = print_one(db, database_text(s, 0), database_text(s, 1), sqlite3_column_int64(s, 2), err);
    if (st == OK)
        return results_end(db, s, err);
    sqlite3_finalize(s);
    return st;
}
