/* sqlite.c - rows of a query on an SQLite database.
 *
 * The query runs once, at open, on a connection that can only read: an authorizer
 * lets nothing but SELECT through, and no function whose result changes from call
 * to call; a clock that is read, in whatever words, ends the query. Targets are settled as in csv
 * (targets.h). Used by the host's loader of data.
 */
#define _POSIX_C_SOURCE 200809L
#include <locale.h>
#include <sqlite3.h>
#include <stddef.h>
#include <sys/stat.h>

#include "csv_columns.h"
#include "fell/plugin.h"
#include "file.h"
#include "shape.h"
#include "targets.h"

struct settings {
    const char *path, *query;
    fell_strings target;
    fell_ints shape;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "The database file."),
    FELL_STRING(struct settings, query, NULL, FELL_REQUIRED,
                "One SELECT; ORDER BY makes sure that rows keep their order."),
    FELL_STRINGS(struct settings, target, NULL, FELL_REQUIRED,
                 "Target column, by name or by number from 0 (-1: the last), or a list of them."),
    FELL_INTS(struct settings, shape, "[]", 1, 1 << 24, 0,
              "Shape of one row's input, [C,H,W] for images or [T,D] for sequences; empty: a vector."),
};

enum { BUSY_MS = 1000, TEXT_ROOM = 1 << 16 };

/* The text of target cells, which outlives the query's row. */
struct text {
    struct text *older;
    size_t used, room;
    char bytes[];
};

struct query {
    const struct settings *s;
    fell_ctx *ctx;
    const char *file; /* the path's last part */
    sqlite3 *db;
    sqlite3_stmt *statement;
    char *refused;     /* why the authorizer said no; from sqlite3_mprintf() */
    sqlite3_vfs clock; /* the system's own, but for its clock; registered while zName is set */
    char clock_name[32];
    bool dates; /* a function of dates is called */
    struct text *text;
    struct columns columns;
    struct targets targets;
    int64_t room, inputs;
    float *x; /* [targets.rows, inputs] */
};

/* The database and what only reading needs. */
static void end_query(struct query *q)
{
    sqlite3_finalize(q->statement);
    sqlite3_close(q->db);
    if (q->clock.zName)
        sqlite3_vfs_unregister(&q->clock);
    q->clock.zName = NULL;
    sqlite3_free(q->refused);
    for (struct text *t = q->text, *older; t; t = older) {
        older = t->older;
        free(t);
    }
    q->statement = NULL;
    q->db = NULL;
    q->refused = NULL;
    q->text = NULL;
}

static void close_query(void *self)
{
    struct query *q = self;

    end_query(q);
    for (int64_t j = 0; q->columns.name && j < q->columns.n; j++)
        free(q->columns.name[j].text);
    columns_release(&q->columns);
    targets_release(&q->targets);
    free(q->x);
    free(q);
}

/* ---- the database ------------------------------------------------------------------ */

/* What SQLite says, as an error of the file or of the query. */
static fell_status sqlite_failed(struct query *q)
{
    if (q->refused)
        return fell_fail(q->ctx, "query: %s", q->refused);
    switch (sqlite3_errcode(q->db)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fell_fail(q->ctx, "path: %s is locked by another program", q->file);
    case SQLITE_NOTADB:
        return fell_fail(q->ctx, "path: %s is no SQLite database, or is encrypted", q->file);
    case SQLITE_CORRUPT:
        return fell_fail(q->ctx, "path: %s is damaged (%s)", q->file, sqlite3_errmsg(q->db));
    case SQLITE_NOMEM:
        return file_out_of_memory(q->ctx, "query", q->s->path);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return fell_fail(q->ctx, "path: cannot read %s: %s", q->s->path, sqlite3_errmsg(q->db));
    default:
        return fell_fail(q->ctx, "query: %s", sqlite3_errmsg(q->db));
    }
}

/* The first reason stays. */
static void refuse(struct query *q, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!q->refused)
        q->refused = sqlite3_vmprintf(format, args);
    va_end(args);
}

/* SELECT alone, and the same rows each time. */
static int authorize(void *arg, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    static const char *const changing[] = {"random",       "randomblob",        "current_date",
                                           "current_time", "current_timestamp", "load_extension"};
    static const char *const dates[] = {"date",      "time",     "datetime", "julianday",
                                        "unixepoch", "strftime", "timediff"};
    struct query *q = arg;

    (void)first;
    (void)database;
    (void)trigger;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE)
        return SQLITE_OK;
    if (action != SQLITE_FUNCTION) {
        refuse(q, "it does more than SELECT; only reading is allowed");
        return SQLITE_DENY;
    }
    for (size_t i = 0; second && i < sizeof changing / sizeof *changing; i++)
        if (!sqlite3_stricmp(second, changing[i])) {
            refuse(q, "%s() would give other rows each time", second);
            return SQLITE_DENY;
        }
    for (size_t i = 0; second && i < sizeof dates / sizeof *dates; i++)
        q->dates = q->dates || !sqlite3_stricmp(second, dates[i]);
    return SQLITE_OK;
}

/* What the functions of dates ask for the time: 'now', however it was put together, and no time at all. */
static int refuse_clock(sqlite3_vfs *clock, sqlite3_int64 *now)
{
    struct query *q = (struct query *)((char *)clock - offsetof(struct query, clock));

    refuse(q, "it reads the clock ('now', or a date without a time), which would give other rows each time");
    *now = 0;
    return SQLITE_ERROR;
}

/* The files of the system, without its clock. */
static fell_status hide_clock(struct query *q)
{
    const sqlite3_vfs *system = sqlite3_vfs_find(NULL);

    if (!system)
        return fell_fail(q->ctx, "path: SQLite finds no file system");
    q->clock = *system;
    snprintf(q->clock_name, sizeof q->clock_name, "fell-%p", (void *)q);
    q->clock.zName = q->clock_name;
    q->clock.iVersion = system->iVersion < 2 ? 2 : system->iVersion;
    q->clock.xCurrentTimeInt64 = refuse_clock;
    if (sqlite3_vfs_register(&q->clock, 0) == SQLITE_OK)
        return FELL_OK;
    q->clock.zName = NULL;
    return file_out_of_memory(q->ctx, "path", q->s->path);
}

/* 'localtime' and 'utc' ask for the time zone of this machine. */
static fell_status refuse_zone(const struct query *q)
{
    static const char *const zone[] = {"'localtime'", "'utc'"};

    for (size_t i = 0; q->dates && i < sizeof zone / sizeof *zone; i++)
        for (const char *p = strchr(q->s->query, '\''); p; p = strchr(p + 1, '\''))
            if (!sqlite3_strnicmp(p, zone[i], (int)strlen(zone[i])))
                return fell_fail(q->ctx,
                                 "query: %s is the time zone of this machine, and gives other rows elsewhere",
                                 zone[i]);
    return FELL_OK;
}

/* Whether a write-ahead log beside the file holds changes. */
static bool has_log(const char *path)
{
    char *log = sqlite3_mprintf("%s-wal", path);
    struct stat about;
    const bool has = log && stat(log, &about) == 0 && about.st_size > 0;

    sqlite3_free(log);
    return has;
}

static fell_status refuse_log(const struct query *q)
{
    return fell_fail(q->ctx,
                     "path: changes to %s lie in %s-wal and are no part of the file yet; close the program "
                     "that writes it, or copy it with VACUUM INTO",
                     q->file, q->file);
}

/* The file's first bytes say whether it is a database, and whether it has a log. */
static fell_status read_head(const struct query *q, bool *logs)
{
    char head[20] = "";
    FILE *f = fopen(q->s->path, "rb");
    size_t n;

    errno = 0;
    n = f ? fread(head, 1, sizeof head, f) : 0;
    if (!f || ferror(f)) {
        fell_fail(q->ctx, "path: cannot %s %s: %s", f ? "read" : "open", q->s->path,
                  strerror(errno ? errno : ENOENT));
        if (f)
            fclose(f);
        return FELL_ERROR;
    }
    fclose(f);
    if (n == 0)
        return fell_fail(q->ctx, "path: %s is empty", q->file);
    if (n < sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return fell_fail(q->ctx, "path: %s is no SQLite database, or is encrypted", q->file);
    *logs = head[18] == 2 || head[19] == 2;
    return *logs && has_log(q->s->path) ? refuse_log(q) : FELL_OK;
}

/* A database with an empty log is read without one: SQLite would make files beside it. */
static fell_status open_database(struct query *q, bool logs)
{
    sqlite3_str *name = sqlite3_str_new(NULL);
    char *uri;
    int code;

    sqlite3_str_appendall(name, "file:");
    for (const char *p = q->s->path; *p; p++)
        if (strchr("?#%", *p))
            sqlite3_str_appendf(name, "%%%02x", (unsigned char)*p);
        else
            sqlite3_str_appendchar(name, 1, *p);
    sqlite3_str_appendf(name, "?mode=ro%s", logs ? "&immutable=1" : "");
    uri = sqlite3_str_finish(name);
    if (!uri)
        return file_out_of_memory(q->ctx, "path", q->s->path);
    code = sqlite3_open_v2(uri, &q->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, q->clock_name);
    sqlite3_free(uri);
    if (!q->db)
        return file_out_of_memory(q->ctx, "path", q->s->path);
    if (code != SQLITE_OK)
        return sqlite_failed(q);
    sqlite3_busy_timeout(q->db, BUSY_MS);
    sqlite3_set_authorizer(q->db, authorize, q);
    return FELL_OK;
}

static fell_status prepare(struct query *q)
{
    sqlite3_stmt *second = NULL;
    const char *rest;
    int code = SQLITE_OK;

    if (sqlite3_prepare_v2(q->db, q->s->query, -1, &q->statement, &rest) != SQLITE_OK)
        return sqlite_failed(q);
    if (!q->statement)
        return fell_fail(q->ctx, "query: it is empty");
    while (*rest && !second && code == SQLITE_OK) /* blanks, semicolons and comments are none */
        code = sqlite3_prepare_v2(q->db, rest, -1, &second, &rest);
    sqlite3_finalize(second);
    if (second || code != SQLITE_OK)
        return fell_fail(q->ctx, "query: it holds more than one statement");
    if (!sqlite3_stmt_readonly(q->statement) || sqlite3_stmt_isexplain(q->statement))
        return fell_fail(q->ctx, "query: it is no SELECT");
    return refuse_zone(q);
}

/* ---- columns ----------------------------------------------------------------------- */

static fell_status read_columns(struct query *q)
{
    struct columns *c = &q->columns;

    c->n = sqlite3_column_count(q->statement);
    c->name = calloc((size_t)c->n, sizeof *c->name);
    c->target = calloc((size_t)c->n, sizeof *c->target);
    for (int64_t j = 0; c->name && j < c->n; j++) {
        const char *name = sqlite3_column_name(q->statement, (int)j);

        c->name[j].text = name ? strdup(name) : NULL;
        if (!c->name[j].text)
            return file_out_of_memory(q->ctx, "query", q->s->path);
        c->name[j].len = (int64_t)strlen(name);
    }
    if (!c->name || !c->target)
        return file_out_of_memory(q->ctx, "query", q->s->path);
    if (columns_find_targets(q->ctx, c, &q->s->target) != FELL_OK)
        return FELL_ERROR;
    q->inputs = c->n - c->targets;
    return FELL_OK;
}

/* ---- rows --------------------------------------------------------------------------- */

/* A copy of N bytes with a NUL behind them that lives until the query ends, or NULL. */
static char *keep_text(struct query *q, const void *bytes, size_t n)
{
    struct text *t = q->text;
    char *copy;

    if (!t || t->room - t->used < n + 1) {
        const size_t room = n + 1 > TEXT_ROOM ? n + 1 : TEXT_ROOM;

        t = malloc(sizeof *t + room);
        if (!t)
            return NULL;
        *t = (struct text){.older = q->text, .room = room};
        q->text = t;
    }
    copy = t->bytes + t->used;
    memcpy(copy, bytes, n);
    copy[n] = '\0';
    t->used += n + 1;
    return copy;
}

/* Column J of the current row as text; a number as the shortest that reads as the same. */
static fell_status read_field(struct query *q, int64_t line, int64_t j, struct field *f)
{
    char number[32];
    const void *bytes = number;
    size_t n;
    double v;

    switch (sqlite3_column_type(q->statement, (int)j)) {
    case SQLITE_NULL:
        n = 0;
        break;
    case SQLITE_BLOB:
        return fell_fail(q->ctx, "query: row %lld: %s is a blob; numbers and text are read", (long long)line,
                         columns_label(&q->columns, j));
    case SQLITE_TEXT:
        bytes = sqlite3_column_text(q->statement, (int)j);
        n = (size_t)sqlite3_column_bytes(q->statement, (int)j);
        if (!bytes)
            return file_out_of_memory(q->ctx, "query", q->s->path);
        if (memchr(bytes, '\0', n))
            return fell_fail(q->ctx, "query: row %lld: %s holds zero bytes", (long long)line,
                             columns_label(&q->columns, j));
        break;
    default:
        v = sqlite3_column_double(q->statement, (int)j);
        if (!isfinite(v))
            return fell_fail(q->ctx, "query: row %lld: %s is %g, which is not finite", (long long)line,
                             columns_label(&q->columns, j), v);
        targets_number_text(v, number);
        n = strlen(number);
    }
    f->text = keep_text(q, bytes, n);
    f->len = (int64_t)n;
    return f->text ? FELL_OK : file_out_of_memory(q->ctx, "query", q->s->path);
}

/* An input: a number as it is, or a text that is one. */
static fell_status read_input(struct query *q, int64_t line, int64_t j, float *x)
{
    const int type = sqlite3_column_type(q->statement, (int)j);
    double value = 0.0;

    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        value = sqlite3_column_double(q->statement, (int)j);
        if (!isfinite((float)value))
            return fell_fail(q->ctx, "query: row %lld: %s: %g is too large for a 32-bit float",
                             (long long)line, columns_label(&q->columns, j), value);
    } else {
        struct text *const before = q->text;
        const size_t used = before ? before->used : 0;
        struct field f;

        if (read_field(q, line, j, &f) != FELL_OK)
            return FELL_ERROR;
        for (; f.len > 0 && f.text[f.len - 1] == ' '; f.len--)
            continue;
        for (; f.len > 0 && *f.text == ' '; f.len--)
            f.text++;
        if (targets_number(&q->targets, &f, line, j, line == 1, &value) != FELL_OK)
            return FELL_ERROR;
        if (q->text == before && before)
            before->used = used;
    }
    *x = (float)value;
    return FELL_OK;
}

static fell_status add_row(struct query *q)
{
    const int64_t line = q->targets.rows + 1;
    struct cell *cell;
    float *x;

    if (q->targets.rows == q->room) {
        const int64_t room = q->room ? 2 * q->room : 1024;

        x = realloc(q->x, (size_t)(room * q->inputs) * sizeof *x);
        if (!x)
            return file_out_of_memory(q->ctx, "query", q->s->path);
        q->x = x;
        q->room = room;
    }
    x = q->x + q->targets.rows * q->inputs;
    cell = targets_add_row(&q->targets);
    if (!cell)
        return file_out_of_memory(q->ctx, "query", q->s->path);
    for (int64_t j = 0; j < q->columns.n; j++) {
        const int64_t t = q->columns.target[j];

        if (t < 0) {
            if (read_input(q, line, j, x++) != FELL_OK)
                return FELL_ERROR;
            continue;
        }
        cell[t] = (struct cell){.row = line - 1, .line = line};
        if (read_field(q, line, j, &cell[t].f) != FELL_OK)
            return FELL_ERROR;
    }
    return FELL_OK;
}

static fell_status run_query(struct query *q)
{
    bool logs;
    int code;

    if (read_head(q, &logs) != FELL_OK || hide_clock(q) != FELL_OK || open_database(q, logs) != FELL_OK ||
        prepare(q) != FELL_OK || read_columns(q) != FELL_OK)
        return FELL_ERROR;
    while ((code = sqlite3_step(q->statement)) == SQLITE_ROW && !q->refused)
        if (add_row(q) != FELL_OK)
            return FELL_ERROR;
    if (q->refused || code != SQLITE_DONE)
        return sqlite_failed(q);
    if (logs && has_log(q->s->path))
        return refuse_log(q);
    return q->targets.rows > 0 ? FELL_OK : fell_fail(q->ctx, "query: it gives no rows");
}

/* ---- the item ------------------------------------------------------------------------ */

static fell_status open_query(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    struct query *q = calloc(1, sizeof *q);
    fell_status result = FELL_ERROR;
    locale_t before;

    if (!q || !plain) {
        file_out_of_memory(info->ctx, "path", s->path);
        goto out;
    }
    q->s = s;
    q->ctx = info->ctx;
    q->file = file_name(s->path);
    q->columns.source = "query";
    q->columns.row_word = "row";
    q->targets = (struct targets){.ctx = info->ctx, .place = "query: row ", .columns = &q->columns};
    before = uselocale(plain); /* decimal points are points */
    if (run_query(q) == FELL_OK) {
        info->x = fell_vec(q->inputs);
        if (shape_settle(info->ctx, &s->shape, q->inputs, "the query", &info->x) == FELL_OK)
            result = targets_settle(&q->targets, info);
    }
    uselocale(before);

out:
    if (plain)
        freelocale(plain);
    if (result != FELL_OK) {
        if (q)
            close_query(q);
        return result;
    }
    end_query(q);
    info->rows = q->targets.rows;
    info->self = q;
    return FELL_OK;
}

static fell_status read_query(fell_read_call *c)
{
    const struct query *q = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        memcpy(c->x + i * q->inputs, q->x + c->row[i] * q->inputs, (size_t)q->inputs * sizeof *c->x);
        targets_read(&q->targets, c, i, c->row[i]);
    }
    return FELL_OK;
}

static const fell_dataset sqlite = {
    FELL_ITEM(FELL_KIND_DATASET, fell_dataset, "sqlite",
              "Rows of a query on an SQLite database: one or more target columns, all others are inputs.\n\n"
              "The database is only read. Inputs must be numbers, or text that is a number; targets are\n"
              "classes or values by the rules of csv. NULL is a missing value, an error. A query whose rows\n"
              "would not be the same each time is refused: random(), the clock, the time zone.",
              struct settings, params),
    open_query, read_query, close_query};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sqlite.item);
