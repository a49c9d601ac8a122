/* where.c - see where.h. SQLite evaluates; here are the columns it sees and what it may do.
 *
 * The connection is in memory and holds nothing. An authorizer refuses everything but reading, so no file
 * is opened or attached, and functions whose result is not the same each time.
 */
#include "trials/where.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { STEPS_MAX = 10000, STEPS_EACH = 1000 }; /* of SQLite's machine, in thousands: about a second */

struct where {
    const struct sweep *sweep;
    struct place at;
    sqlite3 *db;
    sqlite3_stmt *st;
    int steps;
};

/* ---- what an expression may do ----------------------------------------------------------- */

static int authorize(void *arg, int action, const char *first, const char *function, const char *db,
                     const char *trigger)
{
    static const char *const vary[] = {
        "random",       "randomblob",   "changes",           "total_changes", "date",     "time",
        "datetime",     "julianday",    "unixepoch",         "strftime",      "timediff", "last_insert_rowid",
        "current_date", "current_time", "current_timestamp", "load_extension"};

    (void)arg;
    (void)first;
    (void)db;
    (void)trigger;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE)
        return SQLITE_OK;
    if (action != SQLITE_FUNCTION)
        return SQLITE_DENY;
    for (size_t i = 0; i < sizeof vary / sizeof *vary; i++)
        if (!sqlite3_stricmp(function, vary[i]))
            return SQLITE_DENY;
    return SQLITE_OK;
}

static int count_steps(void *arg)
{
    struct where *w = arg;

    return ++w->steps > STEPS_MAX;
}

/* ---- preparing --------------------------------------------------------------------------- */

static const char one_wanted[] = "one expression is wanted here, without ';' or comments";

/* What makes TEXT more, or less, than an expression in brackets, or NULL: brackets that close what stands
 * around it, a statement's end, comments. What is quoted does not count. */
static const char *not_one_expression(const char *text)
{
    static const char quotes[] = "'\"`[", ends[] = "'\"`]";
    int depth = 0;

    for (const char *p = text; *p; p++) {
        const char *quote = strchr(quotes, *p);

        if (quote) {
            p = strchr(p + 1, ends[quote - quotes]);
            if (!p)
                return "a quote is opened and never closed";
        } else if (*p == ';' || (*p == '-' && p[1] == '-') || (*p == '/' && p[1] == '*')) {
            return one_wanted;
        }
        depth += (*p == '(') - (*p == ')');
        if (depth < 0)
            return "a bracket is closed and was not opened";
    }
    return depth ? "a bracket is opened and never closed" : NULL;
}

/* WITH trial ("a", "b") AS (SELECT ?1, ?2) SELECT 1 FROM trial WHERE (...); ALONE: SELECT ... FROM trial,
 * where no statement can stand. */
static char *query_text(const struct sweep *s, const char *expression, bool alone)
{
    struct strbuf q = {0};

    strbuf_add(&q, "WITH trial (");
    for (size_t i = 0; i < s->ncolumns; i++) {
        char *name = sqlite3_mprintf("%s\"%w\"", i ? ", " : "", s->columns[i]);

        strbuf_add(&q, name);
        sqlite3_free(name);
    }
    strbuf_add(&q, ") AS (SELECT ");
    for (size_t i = 0; i < s->ncolumns; i++)
        strbuf_addf(&q, "%s?%zu", i ? ", " : "", i + 1);
    strbuf_addf(&q, alone ? ") SELECT\n%s\nFROM trial" : ") SELECT 1 FROM trial WHERE (\n%s\n)", expression);
    return q.text;
}

/* The path that ends with NAME, as lr ends optimizer.sgd.lr; else the nearest in spelling; or NULL. */
static const char *meant(const struct sweep *s, const char *name)
{
    const size_t n = strlen(name);

    for (size_t i = 0; i < s->ncolumns; i++) {
        const size_t all = strlen(s->columns[i]);

        if (all > n && s->columns[i][all - n - 1] == '.' && !strcmp(s->columns[i] + all - n, name))
            return s->columns[i];
    }
    return text_nearest(name, s->columns, s->ncolumns);
}

/* "no such column: X" with what was meant, perhaps. */
static void refuse(struct spec_reader *r, const struct node *node, const struct sweep *s, const char *message)
{
    static const char unknown[] = "no such column: ";
    const char *name = strncmp(message, unknown, strlen(unknown)) ? NULL : message + strlen(unknown), *near;
    bool quotes = false;

    for (size_t i = 0; name && i < s->ncolumns; i++)
        quotes = quotes || !strcmp(s->columns[i], name);
    near = name ? meant(s, name) : NULL;
    if (quotes)
        r->result |= diag_error(r->diag, &node->place, "where: %s; paths stand in double quotes: \"%s\"",
                                message, name);
    else
        r->result |= diag_error(r->diag, &node->place, "where: %s%s%s%s", message,
                                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* Whether it stands alone as the one column of a question: FAILED with SQLite's words in W->db. */
static bool stands_alone(struct where *w, const char *expression)
{
    char *query = query_text(w->sweep, expression, true);
    sqlite3_stmt *st = NULL;
    const bool alone =
        sqlite3_prepare_v2(w->db, query, -1, &st, NULL) == SQLITE_OK && sqlite3_column_count(st) == 1;

    sqlite3_finalize(st);
    free(query);
    return alone;
}

struct where *where_new(struct spec_reader *r, const struct node *node, const struct sweep *s)
{
    const char *tail = "", *wrong;
    struct where *w;
    char *query;

    if (node->kind != NODE_SCALAR || !node->text[strspn(node->text, " \t\r\n")]) {
        r->result |= diag_error(r->diag, &node->place, "where: an SQL expression is wanted here, not %s",
                                spec_describe(r, node));
        return NULL;
    }
    w = mem_alloc(sizeof *w);
    w->sweep = s;
    w->at = node->place;
    query = query_text(s, node->text, false);
    wrong = not_one_expression(node->text);
    if (!wrong &&
        sqlite3_open_v2(":memory:", &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) == SQLITE_OK) {
        sqlite3_db_config(w->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "x" is a column, never a text */
        sqlite3_set_authorizer(w->db, authorize, NULL);
        sqlite3_progress_handler(w->db, STEPS_EACH, count_steps, w);
        sqlite3_prepare_v2(w->db, query, -1, &w->st, &tail);
    }
    if (wrong)
        ;
    else if (!w->st)
        wrong = sqlite3_errmsg(w->db);
    else if (*tail)
        wrong = one_wanted;
    else if (sqlite3_bind_parameter_count(w->st) != (int)s->ncolumns)
        wrong = "there is no value for '?'";
    else if (!stands_alone(w, node->text))
        wrong = one_wanted;
    if (wrong)
        refuse(r, node, s, wrong);
    free(query);
    if (!wrong)
        return w;
    where_free(w);
    return NULL;
}

void where_free(struct where *w)
{
    if (!w)
        return;
    sqlite3_finalize(w->st);
    sqlite3_close(w->db);
    free(w);
}

/* ---- evaluating --------------------------------------------------------------------------- */

static void bind(struct where *w, const struct axis *axis, const struct node *node, struct arena *arena)
{
    const struct axis_value v = axis_value(arena, axis, node);
    int column = (int)axis->column + 1;

    if (v.null)
        sqlite3_bind_null(w->st, column);
    else if (v.type == VALUE_INT)
        sqlite3_bind_int64(w->st, column, v.i);
    else if (v.type == VALUE_REAL)
        sqlite3_bind_double(w->st, column, v.x);
    else if (sqlite3_bind_text(w->st, column, v.text, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        mem_failed(); /* an unbound value would be NULL, and leave the trial out */
}

status where_test(struct where *w, const struct point *p, bool *keep, struct diag *d)
{
    const struct sweep *s = w->sweep;
    struct arena *arena = arena_new();
    int rc;

    sqlite3_reset(w->st);
    sqlite3_clear_bindings(w->st);
    for (size_t a = 0; a < s->naxes; a++)
        if (p->active[a])
            bind(w, &s->axes[a], p->value[a], arena);
    arena_free(arena);
    w->steps = 0;
    rc = sqlite3_step(w->st);
    *keep = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return OK;
    return diag_error(d, &w->at, "where: %s",
                      rc == SQLITE_INTERRUPT ? "it takes too long" : sqlite3_errmsg(w->db));
}
