/* csv_rows.h - the records of a CSV file one after the other, as often as they are wanted: a window of the
 * text is in memory, and the fields of one record.
 *
 * Knows how lines and columns are parted, not what they mean. Included by csv.c.
 */
#ifndef DATASET_CSV_ROWS_H
#define DATASET_CSV_ROWS_H

#include <strings.h>

#include "csv_scan.h"
#include "text.h"

enum { CSV_LARGEST = 1 << 28 }; /* bytes of a record */

struct csv_rows {
    struct text text;
    struct scan scan;
    struct record r; /* the last that was read; its fields lie in the window */
    int64_t next;    /* the number of the one that comes, from 0 */
    bool sep;        /* the first line names the delimiter */
};

static inline void csv_rows_release(struct csv_rows *rows)
{
    text_close(&rows->text);
    record_release(&rows->r);
}

/* Excel's first line, sep=; in capitals or quotes or not, names the delimiter and is no row. */
static inline void csv_pass_over_sep(struct csv_rows *rows)
{
    struct scan *scan = &rows->scan;
    const bool quoted = *scan->at == '"';
    char *p = scan->at + quoted;

    if (strncasecmp(p, "sep=", 4) != 0 || !p[4] || scan_at_line_end(p + 4) || (quoted && p[5] != '"') ||
        !scan_at_line_end(p + 5 + quoted))
        return;
    scan->delimiter = p[4];
    scan->at = scan_skip_newline(p + 5 + quoted);
    scan->line = 2;
    rows->sep = true;
}

/* The window goes on behind what was scanned. */
static inline fell_status csv_more(struct csv_rows *rows)
{
    struct scan *scan = &rows->scan;
    struct text *t = &rows->text;

    if (t->n - (size_t)(scan->at - t->bytes) > CSV_LARGEST)
        return fell_fail(t->ctx, "path: %s:%lld: a record of more than %d MiB; is a quote left open?",
                         file_name(t->path), (long long)scan->line, CSV_LARGEST >> 20);
    if (text_more(t, (size_t)(scan->at - t->bytes), scan->line) != FELL_OK)
        return FELL_ERROR;
    scan->at = t->bytes;
    scan->more = !t->end;
    return FELL_OK;
}

/* To the beginning, from which on there is a text; the delimiter stays. */
static inline fell_status csv_begin(struct csv_rows *rows)
{
    struct text *t = &rows->text;

    if (t->begun && text_rewind(t) != FELL_OK)
        return FELL_ERROR;
    rows->next = 0;
    rows->r.n = 0;
    if (text_more(t, 0, 1) != FELL_OK)
        return FELL_ERROR;
    rows->scan.at = t->bytes;
    rows->scan.line = 1;
    rows->scan.more = !t->end;
    csv_pass_over_sep(rows);
    return FELL_OK;
}

/* Whether there are two whole lines at P. */
static inline bool csv_has_two_lines(const char *p)
{
    int lines = 0;
    bool quoted = false;

    while (scan_at_line_end(p) && *p)
        p++;
    for (; *p && lines < 2; p++) {
        quoted ^= *p == '"';
        lines += *p == '\n' && !quoted;
    }
    return lines == 2;
}

/* The first two lines are in the window, as far as it may reach. */
static inline fell_status csv_first_lines(struct csv_rows *rows)
{
    while (rows->scan.more && rows->text.n < CSV_LARGEST && !csv_has_two_lines(rows->scan.at))
        if (csv_more(rows) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
}

/* The next record into rows->r. Errors: quotes, memory, and those of the text. */
static inline fell_status csv_next(struct csv_rows *rows, bool *end)
{
    const struct text *t = &rows->text;
    const char *file = file_name(t->path);
    enum scanned result;

    while ((result = scan_record(&rows->scan, &rows->r)) == SCAN_MORE)
        if (csv_more(rows) != FELL_OK)
            return FELL_ERROR;
    *end = result == SCAN_END;
    if (*end)
        rows->r.n = 0; /* its fields lie where the window was */
    rows->next += result == SCAN_RECORD;
    switch (result) {
    case SCAN_OPEN_QUOTE:
        return fell_fail(t->ctx, "path: %s:%lld: a quote is opened and never closed", file,
                         (long long)rows->r.line);
    case SCAN_AFTER_QUOTE:
        return fell_fail(t->ctx, "path: %s:%lld: there is text behind a closing quote", file,
                         (long long)rows->r.line);
    case SCAN_MEMORY:
        return file_out_of_memory(t->ctx, "path", t->path);
    default:
        return FELL_OK;
    }
}

#endif
