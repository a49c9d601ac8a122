/* sqlite_rows.c - the rate of a bare SQLite insert loop: sqlite_rows FROM.db TO.db
 *
 * Reads the rows of `epochs` and `gradients` of FROM.db into memory, creates the same
 * two tables in TO.db (WAL, synchronous=FULL as the product has them) and inserts the
 * rows with prepared statements, a commit every 250,000 rows. Prints rows and seconds.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TABLES = 2, MOST = 16, ROWS_PER_COMMIT = 250000 };
static const char *const table[TABLES] = {"epochs", "gradients"};

struct cell {
    int type;
    sqlite3_int64 i;
    double x;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(int ok, sqlite3 *db)
{
    if (ok)
        return;
    fprintf(stderr, "sqlite_rows: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static char *schema_of(sqlite3 *db, const char *name)
{
    sqlite3_stmt *q;
    char *text;

    must(sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE name = ?", -1, &q, NULL) == SQLITE_OK,
         db);
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    must(sqlite3_step(q) == SQLITE_ROW, db);
    text = strdup((const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return text;
}

/* What a table holds. */
struct content {
    struct cell *cell; /* [rows, columns] */
    int columns;
    long rows;
};

static void read_table(sqlite3 *from, const char *name, struct content *t)
{
    char sql[80];
    sqlite3_stmt *q;
    long room = 1 << 12;

    snprintf(sql, sizeof sql, "SELECT * FROM %s", name);
    must(sqlite3_prepare_v2(from, sql, -1, &q, NULL) == SQLITE_OK, from);
    t->columns = sqlite3_column_count(q);
    t->cell = malloc((size_t)(room * t->columns) * sizeof *t->cell);
    for (t->rows = 0; sqlite3_step(q) == SQLITE_ROW; t->rows++) {
        if (t->rows == room)
            t->cell = realloc(t->cell, (size_t)((room *= 2) * t->columns) * sizeof *t->cell);
        for (int c = 0; c < t->columns; c++)
            t->cell[t->rows * t->columns + c] = (struct cell){.type = sqlite3_column_type(q, c),
                                                              .i = sqlite3_column_int64(q, c),
                                                              .x = sqlite3_column_double(q, c)};
    }
    sqlite3_finalize(q);
}

static void bind(sqlite3_stmt *q, int at, const struct cell *v)
{
    if (v->type == SQLITE_INTEGER)
        sqlite3_bind_int64(q, at, v->i);
    else if (v->type == SQLITE_FLOAT)
        sqlite3_bind_double(q, at, v->x);
    else
        sqlite3_bind_null(q, at);
}

/* PENDING rows are in the transaction that is open. */
static void write_table(sqlite3 *to, const char *name, const struct content *t, long *pending)
{
    char sql[120];
    int n = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?", name);
    sqlite3_stmt *q;

    for (int c = 1; c < t->columns; c++)
        n += snprintf(sql + n, sizeof sql - (size_t)n, ",?");
    snprintf(sql + n, sizeof sql - (size_t)n, ")");
    must(sqlite3_prepare_v2(to, sql, -1, &q, NULL) == SQLITE_OK, to);
    for (long r = 0; r < t->rows; r++) {
        if ((*pending)++ == 0)
            sqlite3_exec(to, "BEGIN", NULL, NULL, NULL);
        for (int c = 0; c < t->columns; c++)
            bind(q, c + 1, &t->cell[r * t->columns + c]);
        must(sqlite3_step(q) == SQLITE_DONE, to);
        sqlite3_reset(q);
        if (*pending == ROWS_PER_COMMIT) {
            must(sqlite3_exec(to, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, to);
            *pending = 0;
        }
    }
    sqlite3_finalize(q);
}

int main(int argc, char **argv)
{
    sqlite3 *from, *to;
    struct content content[TABLES];
    long total = 0, pending = 0;
    double start;

    if (argc != 3)
        return 2;
    must(sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, from);
    remove(argv[2]);
    must(sqlite3_open(argv[2], &to) == SQLITE_OK, to);
    sqlite3_exec(to, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", NULL, NULL, NULL);
    for (int t = 0; t < TABLES; t++) {
        char *create = schema_of(from, table[t]);

        must(sqlite3_exec(to, create, NULL, NULL, NULL) == SQLITE_OK, to);
        free(create);
        read_table(from, table[t], &content[t]);
        total += content[t].rows;
    }
    start = now();
    for (int t = 0; t < TABLES; t++)
        write_table(to, table[t], &content[t], &pending);
    if (pending)
        must(sqlite3_exec(to, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, to);
    printf("{\"rows\": %ld, \"seconds\": %.6f}\n", total, now() - start);
    sqlite3_close(to);
    sqlite3_close(from);
    return 0;
}
