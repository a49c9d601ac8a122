/* sqlite_order.h - does a query say which rows a LIMIT leaves, by an ORDER BY beside it?
 *
 * Included by sqlite.c. Looks at words alone, outside quotes and comments.
 */
#ifndef DATASET_SQLITE_ORDER_H
#define DATASET_SQLITE_ORDER_H

#include <ctype.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "fell/plugin.h"

/* Behind what is no word at P: a text in quotes, a name in [], a comment; P if there is none. */
static inline const char *sql_skip(const char *p)
{
    const char *end = NULL;

    if (*p == '\'' || *p == '"' || *p == '`')
        end = strchr(p + 1, *p);
    else if (*p == '[')
        end = strchr(p + 1, ']');
    else if (p[0] == '-' && p[1] == '-')
        end = strchr(p, '\n');
    else if (p[0] == '/' && p[1] == '*')
        return (end = strstr(p + 2, "*/")) ? end + 2 : p + strlen(p);
    else
        return p;
    return end ? end + 1 : p + strlen(p);
}

/* Whether a SELECT, or one within it, has LIMIT and no ORDER BY. To EXISTS it does not matter which rows are
 * left. */
static inline bool sql_limits_blindly(const char *query)
{
    enum { DEEPEST = 64 };
    bool ordered[DEEPEST] = {false}, exists = false;
    int depth = 0;

    for (const char *p = query; *p;) {
        const char *behind = sql_skip(p);
        size_t n = 0;

        if (behind != p) {
            p = behind;
            continue;
        }
        while (isalnum((unsigned char)p[n]) || p[n] == '_' || (unsigned char)p[n] >= 0x80)
            n++;
        if (*p == '(' && depth + 1 < DEEPEST)
            ordered[++depth] = exists;
        else if (*p == ')' && depth > 0)
            depth--;
        else if (n == 5 && !sqlite3_strnicmp(p, "order", 5))
            ordered[depth] = true;
        else if (n == 5 && !sqlite3_strnicmp(p, "limit", 5) && !ordered[depth])
            return true;
        if (!isspace((unsigned char)*p))
            exists = n == 6 && !sqlite3_strnicmp(p, "exists", 6);
        p += n ? n : 1;
    }
    return false;
}

static inline void sql_tell_order(fell_ctx *ctx, const char *query)
{
    if (sql_limits_blindly(query))
        fell_warn(
            ctx,
            "query: LIMIT without ORDER BY: which rows it leaves is for SQLite to choose; write ORDER BY");
}

#endif
