/* sqlite.c - rows of a query on an SQLite database.
 *
 * The query runs once, at open, on a connection that can only read: an authorizer lets nothing but SELECT
 * through, and no function whose result changes from call to call; a clock that is read, in whatever words,
 * ends the query. Targets are settled as in csv (targets.h). Used by the host's loader of data.
 */
#define _POSIX_C_SOURCE 200809L
#include <sqlite3.h>
#include <stddef.h>
#include <sys/stat.h>

#include "fell/plugin.h"
#include "file.h"
#include "plain.h"
#include "shape.h"
#include "sqlite_order.h"
#include "table_inputs.h"
#include "table_marks.h"
#include "table_settings.h"
#include "targets.h"
#include "text.h"

struct settings {
    const char *path, *query;
    TABLE_SETTINGS;
};

static const fell_param params[] = {
    FELL_STRING(struct settings, path, NULL, FELL_REQUIRED | FELL_PATH, "The database file."),
    FELL_STRING(struct settings, query, NULL, FELL_REQUIRED,
                "One SELECT; ORDER BY makes sure that rows keep their order."),
    TABLE_PARAMS(struct settings),
};

enum { BUSY_MS = 1000, TEXT_ROOM = 1 << 16 };

struct query {
    const struct settings *s;
    fell_ctx *ctx;
    const char *file; /* the path's last part */
    sqlite3 *db;
    sqlite3_stmt *statement;
    char *refused;     /* why the authorizer said no; from sqlite3_mprintf() */
    sqlite3_vfs clock; /* the system's own, but for its clock; registered while zName is set */
    char clock_name[32];
    bool dates;        /* a function of dates is called */
    size_t used, room; /* of table.text */
    struct table table;
    struct targets targets;
    struct marks marks;
    char told[200];      /* of the marks */
    struct field *field; /* [table.n] of the row that is read */
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
    q->statement = NULL;
    q->db = NULL;
    q->refused = NULL;
}

static void close_query(void *self)
{
    struct query *q = self;

    end_query(q);
    for (int64_t j = 0; q->table.column && j < q->table.n; j++)
        free(q->table.column[j].name.text);
    table_release(&q->table);
    targets_release(&q->targets);
    marks_release(&q->marks);
    free(q->field);
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
        if (!strcmp(sqlite3_errmsg(q->db), "local time unavailable"))
            return fell_fail(q->ctx, "query: it asks for the time zone of this machine, and gives other rows "
                                     "elsewhere");
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
    if (second && !sqlite3_strnicmp(second, "sqlite_", 7)) { /* its version, and how it was made */
        refuse(q, "%s() would give other rows elsewhere", second);
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
    size_t n;
    FILE *f = (errno = 0, fopen(q->s->path, "rb"));

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
    /* SQLite reads a log whatever the head says: one that was left beside a file that took another's place,
     * too. */
    return has_log(q->s->path) ? refuse_log(q) : FELL_OK;
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
    sql_tell_order(q->ctx, q->s->query);
    return refuse_zone(q);
}

/* ---- columns ----------------------------------------------------------------------- */

static fell_status read_columns(struct query *q)
{
    struct table *t = &q->table;

    t->n = sqlite3_column_count(q->statement);
    t->named = true;
    t->column = calloc((size_t)t->n, sizeof *t->column);
    q->field = calloc((size_t)t->n, sizeof *q->field);
    for (int64_t j = 0; t->column && j < t->n; j++) {
        const char *name = sqlite3_column_name(q->statement, (int)j);

        t->column[j].name.text = name ? strdup(name) : NULL;
        if (!t->column[j].name.text)
            return file_out_of_memory(q->ctx, "query", q->s->path);
        t->column[j].name.len = (int64_t)strlen(name);
    }
    if (!t->column || !q->field)
        return file_out_of_memory(q->ctx, "query", q->s->path);
    return TABLE_ASSIGN(t, q->s) ? FELL_OK : FELL_ERROR;
}

/* ---- rows --------------------------------------------------------------------------- */

/* N bytes and a NUL become the cell of row ROW, column J; blanks around them do not count. */
static fell_status keep_text(struct query *q, const char *bytes, size_t n, int64_t row, int64_t j)
{
    struct table *t = &q->table;
    struct field f = {scan_skip_spaces((char *)(uintptr_t)bytes, '\0'), 0};

    f.len = bytes + n - f.text;
    scan_trim(&f);
    n = (size_t)f.len;
    if (n > TABLE_LONGEST)
        return fell_fail(q->ctx, "query: row %lld: %s holds %zu bytes; at most %d are read",
                         (long long)row + 1, table_label(t, j), n, TABLE_LONGEST);
    if (q->room - q->used < n + 1) {
        const size_t room = 2 * q->room + n + TEXT_ROOM;
        char *larger = realloc(t->text, room);

        if (!larger)
            return file_out_of_memory(q->ctx, "query", q->s->path);
        t->text = larger;
        q->room = room;
    }
    memcpy(t->text + q->used, f.text, n);
    t->text[q->used + n] = '\0';
    t->cell[row * t->n + j] = (uint64_t)q->used << TABLE_LENGTH_BITS | n;
    q->used += n + 1;
    return FELL_OK;
}

/* The shortest text that reads as the same number. */
static void number_text(double v, char text[32])
{
    if (v == floor(v) && fabs(v) < 1e15) {
        snprintf(text, 32, "%.0f", v == 0.0 ? 0.0 : v);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            return;
    }
}

/* Column J of the current row as text, a whole number with all of its digits. */
static fell_status read_field(struct query *q, int64_t row, int64_t j)
{
    const char *bytes;
    char number[32];
    size_t n;
    double v;

    switch (sqlite3_column_type(q->statement, (int)j)) {
    case SQLITE_NULL:
        return keep_text(q, "", 0, row, j);
    case SQLITE_BLOB:
        if (q->table.column[j].role == TABLE_LEFT_OUT)
            return keep_text(q, "", 0, row, j);
        return fell_fail(q->ctx, "query: row %lld: %s is a blob; numbers and text are read",
                         (long long)row + 1, table_label(&q->table, j));
    case SQLITE_TEXT:
        bytes = (const char *)sqlite3_column_text(q->statement, (int)j);
        n = (size_t)sqlite3_column_bytes(q->statement, (int)j);
        if (!bytes)
            return file_out_of_memory(q->ctx, "query", q->s->path);
        if (memchr(bytes, '\0', n))
            return fell_fail(q->ctx, "query: row %lld: %s holds zero bytes", (long long)row + 1,
                             table_label(&q->table, j));
        for (size_t i = 0, length; i < n; i += length) {
            length = text_utf8_length((const unsigned char *)bytes + i);
            if (!length)
                return fell_fail(q->ctx, "query: row %lld: %s: byte 0x%02x is not UTF-8", (long long)row + 1,
                                 table_label(&q->table, j), (unsigned char)bytes[i]);
        }
        return keep_text(q, bytes, n, row, j);
    case SQLITE_INTEGER:
        snprintf(number, sizeof number, "%lld", (long long)sqlite3_column_int64(q->statement, (int)j));
        break;
    default:
        v = sqlite3_column_double(q->statement, (int)j);
        if (!isfinite(v))
            return fell_fail(q->ctx, "query: row %lld: %s is %g, which is not finite", (long long)row + 1,
                             table_label(&q->table, j), v);
        number_text(v, number);
    }
    return keep_text(q, number, strlen(number), row, j);
}

static fell_status add_row(struct query *q)
{
    struct table *t = &q->table;

    if (!table_grow(t, false))
        return file_out_of_memory(q->ctx, "query", q->s->path);
    for (int64_t j = 0; j < t->n; j++)
        if (read_field(q, t->rows, j) != FELL_OK)
            return FELL_ERROR;
    t->rows++;
    return FELL_OK;
}

static fell_status run_query(struct query *q)
{
    fell_status added = FELL_OK;
    bool logs = false;
    int code = SQLITE_DONE;

    if (read_head(q, &logs) != FELL_OK || hide_clock(q) != FELL_OK || open_database(q, logs) != FELL_OK ||
        prepare(q) != FELL_OK || read_columns(q) != FELL_OK)
        return FELL_ERROR;
    /* 'localtime' that was put together from parts is not seen in the text: then it fails. */
    sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, 1);
    while (added == FELL_OK && (code = sqlite3_step(q->statement)) == SQLITE_ROW && !q->refused)
        added = add_row(q);
    sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, 0);
    if (added == FELL_OK && (q->refused || code != SQLITE_DONE))
        return sqlite_failed(q);
    if (added != FELL_OK || has_log(q->s->path))
        return added != FELL_OK ? FELL_ERROR : refuse_log(q);
    return q->table.rows > 0 ? FELL_OK : fell_fail(q->ctx, "query: it gives no rows");
}

/* ---- the item ------------------------------------------------------------------------ */

static fell_status open_query(fell_data_info *info)
{
    const struct settings *s = info->settings;
    struct query *q = calloc(1, sizeof *q);
    fell_status result = FELL_ERROR;
    struct plain plain;

    if (!q || !plain_begin(&plain)) {
        free(q);
        return file_out_of_memory(info->ctx, "path", s->path);
    }
    *q = (struct query){.s = s, .ctx = info->ctx, .file = file_name(s->path), .targets = {.t = &q->table}};
    q->table = (struct table){.ctx = info->ctx, .source = "query", .row_word = "row", .place = "query: row "};
    TABLE_TAKE(&q->table, s, info);
    if (run_query(q) == FELL_OK &&
        targets_beside(&q->targets, info, table_settle_inputs(&q->table, info)) == FELL_OK &&
        marks_settle(&q->marks, &q->table, info) == FELL_OK &&
        shape_settle(info->ctx, &s->shape, q->table.width, "the query", &info->x) == FELL_OK)
        result = targets_settle(&q->targets, info);
    plain_end(&plain);
    if (result != FELL_OK) {
        close_query(q);
        return result;
    }
    end_query(q);
    info->rows = q->table.rows;
    info->self = q;
    marks_tell(&q->marks, &q->table, q->told, sizeof q->told);
    info->found = *q->told ? q->told : info->found;
    return FELL_OK;
}

static fell_status read_query(fell_read_call *c)
{
    const struct query *q = c->self;
    struct plain plain;

    if (!plain_begin(&plain))
        return file_out_of_memory(c->ctx, "query", q->s->path);
    for (int64_t i = 0; i < c->n; i++) {
        for (int64_t j = 0; j < q->table.n; j++)
            q->field[j] = table_field(&q->table, c->row[i], j);
        table_read(&q->table, q->field, c->x64 + i * q->table.width);
        (void)targets_read(&q->targets, c, i, q->field);
    }
    plain_end(&plain);
    return FELL_OK;
}

static const fell_dataset sqlite = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "sqlite",
        "Rows of a query on an SQLite database: one or more target columns, all others are inputs.\n\n"
        "The database is only read. Columns are numbers or categories and targets classes or values by\n"
        "the rules of csv, text as it is written and whole numbers with all of their digits. NULL is a\n"
        "missing value. As many target columns as steps of shape may be a class for each step.",
        struct settings, params),
    open_query, read_query, close_query};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sqlite.item);
