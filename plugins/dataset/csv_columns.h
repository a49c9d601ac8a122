/* csv_columns.h - which column of a CSV file or a query is what: the header told from
 * data, targets found by name or number, and the words for a column in messages.
 *
 * Included by csv.c and sqlite.c, which has no header to look for.
 */
#ifndef DATASET_CSV_COLUMNS_H
#define DATASET_CSV_COLUMNS_H

#include <errno.h>
#include <stdio.h>

#include "csv_scan.h"
#include "fell/plugin.h"

enum header_mode { HEADER_AUTO, HEADER_YES, HEADER_NO };

struct columns {
    const char *source, *row_word; /* for messages: "file" or "query", "line" or "row" */
    int64_t n;
    struct field *name; /* [n], or NULL without a header */
    int64_t *target;    /* [n] which target the column is, -1: an input */
    int64_t targets;
    char label[160]; /* what columns_label() returned last */
};

static inline void columns_release(struct columns *c)
{
    free(c->name);
    free(c->target);
}

/* "column 3 (petal_length)", as long as the next call does not come. */
static inline const char *columns_label(struct columns *c, int64_t j)
{
    if (c->name && c->name[j].len > 0)
        snprintf(c->label, sizeof c->label, "column %lld (%.*s)", (long long)j + 1,
                 (int)(c->name[j].len < 100 ? c->name[j].len : 100), c->name[j].text);
    else
        snprintf(c->label, sizeof c->label, "column %lld", (long long)j + 1);
    return c->label;
}

static inline bool columns_same(const struct field *f, const char *text)
{
    return f->len == (int64_t)strlen(text) && !memcmp(f->text, text, (size_t)f->len);
}

/* Edit distance of two words (Levenshtein 1966), both cut at 63 bytes. */
static inline int64_t columns_distance(const char *a, const struct field *b)
{
    const int64_t m = b->len < 63 ? b->len : 63;
    int64_t cost[64];

    for (int64_t j = 0; j <= m; j++)
        cost[j] = j;
    for (int64_t i = 0; a[i] && i < 63; i++) {
        int64_t diagonal = cost[0];

        cost[0] = i + 1;
        for (int64_t j = 1; j <= m; j++) {
            const int64_t change = diagonal + (a[i] != b->text[j - 1]);
            const int64_t step = (cost[j] < cost[j - 1] ? cost[j] : cost[j - 1]) + 1;

            diagonal = cost[j];
            cost[j] = change < step ? change : step;
        }
    }
    return cost[m];
}

/* The error that no column is called WANTED: the nearest name, and the first few. */
static inline fell_status columns_unknown(fell_ctx *ctx, const struct columns *c, const char *wanted)
{
    enum { SHOWN = 8 };
    const int64_t allowed = (int64_t)strlen(wanted) / 3 + 1;
    int64_t best = -1, least = allowed + 1;
    char list[256] = "", near[128] = "";
    size_t used = 0;

    if (!c->name)
        return fell_fail(
            ctx, "target: the file has no header, so '%s' cannot be looked up; give a number from 0 to %lld",
            wanted, (long long)c->n - 1);
    for (int64_t j = 0; j < c->n; j++) {
        const int64_t d = columns_distance(wanted, &c->name[j]);

        if (d < least) {
            least = d;
            best = j;
        }
        if (j < SHOWN && used + 40 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s", j ? ", " : "",
                                     (int)(c->name[j].len < 30 ? c->name[j].len : 30), c->name[j].text);
    }
    if (best >= 0)
        snprintf(near, sizeof near, "; did you mean '%.*s'?",
                 (int)(c->name[best].len < 90 ? c->name[best].len : 90), c->name[best].text);
    return fell_fail(ctx, "target: there is no column '%s'%s (columns: %s%s)", wanted, near, list,
                     c->n > SHOWN ? ", ..." : "");
}

/* A whole number in decimal, as an index is written. */
static inline bool columns_index(const char *text, int64_t *index)
{
    char *end;

    errno = 0;
    *index = strtoll(text, &end, 10);
    return *text && *end == '\0' && errno == 0;
}

/* Whether the FIRST record names the columns. SECOND may be empty. Sets *HEADER. */
static inline fell_status columns_find_header(fell_ctx *ctx, const char *file, int32_t mode,
                                              const fell_strings *targets, const struct record *first,
                                              const struct record *second, bool *header)
{
    int64_t numbers = 0, index;
    double value;

    *header = mode == HEADER_YES;
    if (mode != HEADER_AUTO)
        return FELL_OK;
    for (int64_t t = 0; t < targets->n; t++)
        for (int64_t j = 0; j < first->n; j++)
            if (columns_same(&first->field[j], targets->v[t]) && !columns_index(targets->v[t], &index))
                *header = true;
    for (int64_t j = 0; j < first->n; j++)
        numbers += scan_number(&first->field[j], &value);
    if (*header || numbers == 0) {
        *header = true;
        return FELL_OK;
    }
    for (int64_t j = 0; j < first->n && j < second->n; j++)
        if (!scan_number(&first->field[j], &value) && !scan_missing(&first->field[j]) &&
            scan_number(&second->field[j], &value))
            return fell_fail(
                ctx,
                "path: %s:%lld: column %lld: '%.*s' is not a number, but line %lld has one there; if "
                "line %lld names the columns, say header: yes",
                file, (long long)first->line, (long long)j + 1,
                (int)(first->field[j].len < 60 ? first->field[j].len : 60), first->field[j].text,
                (long long)second->line, (long long)first->line);
    return FELL_OK;
}

/* Fill C->target from the setting: names first, then indices from 0, or from the
 * end with -1, -2. */
static inline fell_status columns_find_targets(fell_ctx *ctx, struct columns *c, const fell_strings *targets)
{
    for (int64_t j = 0; j < c->n; j++)
        c->target[j] = -1;
    for (int64_t t = 0; t < targets->n; t++) {
        const char *wanted = targets->v[t];
        int64_t found = -1, index;

        for (int64_t j = 0; c->name && j < c->n; j++) {
            if (!columns_same(&c->name[j], wanted))
                continue;
            if (found >= 0)
                return fell_fail(ctx, "target: columns %lld and %lld are both called '%s'",
                                 (long long)found + 1, (long long)j + 1, wanted);
            found = j;
        }
        if (found < 0) {
            if (!columns_index(wanted, &index))
                return columns_unknown(ctx, c, wanted);
            found = index < 0 ? index + c->n : index;
            if (found < 0 || found >= c->n)
                return fell_fail(ctx, "target: there is no column %s; the %s has 0 to %lld", wanted,
                                 c->source, (long long)c->n - 1);
        }
        if (c->target[found] >= 0)
            return fell_fail(ctx, "target: %s is named twice", columns_label(c, found));
        c->target[found] = t;
    }
    c->targets = targets->n;
    if (c->targets == c->n)
        return fell_fail(ctx, "target: every column is a target; none is left as input");
    return FELL_OK;
}

#endif
