/* schema_versions.c - the ladder of the schema's versions, and files of older ones. See schema.h.
 *
 * A version is one entry of `ladder`; whoever changes tables after a release adds the next. Which tables and
 * columns a file lacks is seen from the file itself, beside a database in memory that has today's; the entry
 * says what stands in a new column for rows that are older, where that is not NULL. The rows are climbed
 * up one version after the other, so that an entry need know only the version before its own.
 */
#include <stdlib.h>
#include <string.h>

#include "record/database.h"
#include "record/schema.h"

/* WAS: an expression over the row X of TABLE as the version before had it. */
struct column {
    const char *table, *name, *was;
};

enum { MOST_COLUMNS = 8 };

/* Every sweep of version 1 was a grid, and its objective validation.loss, or train.loss without a validation
 * split. */
#define OBJECTIVE_OF_1                                                                                       \
    "iif(EXISTS (SELECT 1 FROM runs WHERE experiment_id = x.id AND json_valid(resolved)\n"                   \
    "            AND coalesce(json_extract(resolved, '$.data.validation'), 0) <> 0 LIMIT 1)\n"               \
    "    OR EXISTS (SELECT 1 FROM runs AS r JOIN epochs AS e ON e.run_id = r.id AND e.epoch = 1\n"           \
    "               WHERE r.experiment_id = x.id AND e.validation_loss IS NOT NULL),\n"                      \
    "    'validation.loss', 'train.loss')"

/* ANEW: a table that is written anew, since what it promises of its rows is another; NULL: none. */
static const struct version {
    const char *about;
    struct column columns[MOST_COLUMNS];
    const char *anew;
} ladder[] = {
    {.about = "there is no version 0"},
    {.about = "the beginning"},
    {"experiments have an identity, an objective and a strategy",
     {{"experiments", "identity", "uid"},
      {"experiments", "objective", OBJECTIVE_OF_1},
      {"experiments", "goal", "'minimize'"},
      {"experiments", "objective_at", "'best'"},
      {"experiments", "strategy", "'{\"grid\":{}}'"}},
     NULL},
    {.about = "who began an experiment; where, and for whom, a run was trained"},
    {.about = "what probes say of a net"},
    {.about = "runs have no list of statuses: whoever adds one adds no version", .anew = "runs"},
    {.about = "what the name of a swept value stands for"},
    {.about = "which rows each split had"},
    {.about = "who else trained a run"},
};
const int schema_version = sizeof ladder / sizeof *ladder - 1;

/* A file and today's tables. */
struct climb {
    sqlite3 *db, *today;
    int version; /* of the file */
};

/* ---- what a file lacks -------------------------------------------------------------------- */

/* One text of a one-row answer, in which ?1 is TABLE; "" for none; free(). */
static char *ask(sqlite3 *db, const char *sql, const char *table)
{
    sqlite3_stmt *st = NULL;
    char *text = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
        sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
        if (sqlite3_step(st) == SQLITE_ROW)
            text = mem_string(database_text(st, 0));
    }
    sqlite3_finalize(st);
    return text ? text : mem_string("");
}

static bool has_column(sqlite3 *db, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(db, "main", table, column, NULL, NULL, NULL, NULL, NULL) ==
           SQLITE_OK;
}

/* What the ladder says of rows older than version V, which has the column first; NULL: nothing. */
static const char *value_before(int v, const char *table, const char *column)
{
    for (const struct column *c = ladder[v].columns; c < ladder[v].columns + MOST_COLUMNS && c->table; c++)
        if (strcmp(c->table, table) == 0 && strcmp(c->name, column) == 0)
            return c->was;
    return NULL;
}

static bool is_computed(const struct climb *c, const char *table, const char *column)
{
    for (int v = c->version + 1; v <= schema_version; v++)
        if (value_before(v, table, column))
            return true;
    return false;
}

static bool is_anew(const struct climb *c, const char *table)
{
    for (int v = c->version + 1; v <= schema_version; v++)
        if (ladder[v].anew && strcmp(ladder[v].anew, table) == 0)
            return true;
    return false;
}

/* The columns of TABLE that the file lacks: *PLAIN those that are NULL in all older rows, as ", NULL AS a"
 * and as statements that append them; *COMPUTED: how many others. */
struct lack {
    struct strbuf nulls, append;
    size_t plain, computed;
};

static int find_lack(const struct climb *c, const char *table, struct lack *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(c->today, "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid", -1,
                                &st, NULL);

    *out = (struct lack){.plain = 0};
    sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *name = database_text(st, 0);

        rc = SQLITE_OK;
        if (has_column(c->db, table, name))
            continue;
        if (is_computed(c, table, name)) {
            out->computed++;
            continue;
        }
        out->plain++;
        strbuf_addf(&out->nulls, ", NULL AS %s", name);
        strbuf_addf(&out->append, "ALTER TABLE main.%s ADD COLUMN %s %s;\n", table, name,
                    database_text(st, 1));
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void lack_release(struct lack *l)
{
    strbuf_release(&l->nulls);
    strbuf_release(&l->append);
}

/* Append a question for the rows of TABLE with all of today's columns: a question in a question for each
 * version that computes some. */
static void add_climbed(struct strbuf *out, const struct climb *c, const char *table, const struct lack *l)
{
    char *from = mem_format("main.%s", table), *wider;

    for (int v = c->version + 1; v <= schema_version; v++) {
        struct strbuf columns = {0};

        for (const struct column *k = ladder[v].columns; k < ladder[v].columns + MOST_COLUMNS && k->table;
             k++)
            if (strcmp(k->table, table) == 0)
                strbuf_addf(&columns, ", %s AS %s", k->was, k->name);
        if (columns.len) {
            wider = mem_format("(SELECT x.*%s FROM %s AS x)", columns.text, from);
            free(from);
            from = wider;
        }
        strbuf_release(&columns);
    }
    strbuf_addf(out, "SELECT x.*%s FROM %s AS x", l->nulls.len ? l->nulls.text : "", from);
    free(from);
}

/* ---- every table ------------------------------------------------------------------------------ */

/* MAKE, for each of today's tables: SQL is its own, LACK NULL when the file has no such table. */
static int each_table(struct climb *c, int (*make)(struct climb *c, const char *table, const char *sql,
                                                   const struct lack *lack))
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_open(":memory:", &c->today);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->today, schema_sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(c->today, "SELECT name, sql FROM sqlite_schema WHERE type = 'table'", -1, &st,
                                NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *table = database_text(st, 0);
        const char *sql = database_text(st, 1);
        const bool there = has_column(c->db, table, NULL);
        struct lack lack = {.plain = 0};

        rc = there ? find_lack(c, table, &lack) : SQLITE_OK;
        if (rc == SQLITE_OK && (!there || lack.plain || lack.computed || is_anew(c, table)))
            rc = make(c, table, sql, there ? &lack : NULL);
        lack_release(&lack);
    }
    sqlite3_finalize(st);
    sqlite3_close(c->today);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int run(struct climb *c, struct strbuf *sql)
{
    const int rc = sqlite3_exec(c->db, sql->text, NULL, NULL, NULL);

    strbuf_release(sql);
    return rc;
}

/* In the file: columns of NULL are appended; a table with a computed one, or that promises something else, is
 * written anew, in today's order. Tables that are not there are made by schema_sql. */
static int change(struct climb *c, const char *table, const char *sql, const struct lack *lack)
{
    struct strbuf b = {0};
    char *names;

    if (!lack)
        return SQLITE_OK;
    if (lack->computed == 0 && !is_anew(c, table)) {
        strbuf_add(&b, lack->append.text);
        return run(c, &b);
    }
    names =
        ask(c->today, "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(?1) ORDER BY cid)",
            table);
    strbuf_addf(&b, "CREATE TABLE main.older_%s AS ", table);
    add_climbed(&b, c, table, lack);
    strbuf_addf(&b, ";\nDROP TABLE main.%s;\n%s;\nINSERT INTO main.%s (%s) SELECT %s FROM older_%s;\n", table,
                sql, table, names, names, table);
    strbuf_addf(&b, "DROP TABLE older_%s", table);
    free(names);
    return run(c, &b);
}

int schema_upgrade(sqlite3 *db, int version)
{
    struct climb c = {.db = db, .version = version};
    struct strbuf sql = {0};
    int rc;

    schema_drop_views(&sql);
    rc = run(&c, &sql);
    return rc == SQLITE_OK ? each_table(&c, change) : rc;
}

/* Before the file: a view with the columns of NULL, which finds rows as fast as the table; a copy where
 * some are computed, once and not for every question. */
static int put_before(struct climb *c, const char *table, const char *sql, const struct lack *lack)
{
    struct strbuf b = {0};

    if (lack && !lack->plain && !lack->computed)
        return SQLITE_OK;
    if (!lack) {
        strbuf_addf(&b, "CREATE TEMP TABLE%s", sql + strlen("CREATE TABLE"));
    } else {
        strbuf_addf(&b, "CREATE TEMP %s %s AS ", lack->computed ? "TABLE" : "VIEW", table);
        add_climbed(&b, c, table, lack);
    }
    return run(c, &b);
}

int schema_read_old(sqlite3 *db, int version)
{
    struct climb c = {.db = db, .version = version};
    struct strbuf sql = {0};
    int rc = version < schema_version ? each_table(&c, put_before) : SQLITE_OK;

    schema_add_views(&sql, "TEMP ");
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql.text, NULL, NULL, NULL);
    strbuf_release(&sql);
    return rc;
}
