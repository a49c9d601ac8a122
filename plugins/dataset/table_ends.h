/* table_ends.h - the ends of a column of numbers while its rows go by: what stands outermost on each side,
 * how often, and what is next to it; the sum, and where a word for sums stands last.
 *
 * Included by table.h. Counts only; what is to be said of it is in table_suspects.h.
 */
#ifndef DATASET_TABLE_ENDS_H
#define DATASET_TABLE_ENDS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "csv_scan.h"

/* One side. Numbers are times the side's sign, so that outermost is largest. */
struct table_end {
    double most, next; /* -INFINITY: there is none */
    int64_t n;         /* of the outermost */
    char text[24];     /* as it is written first, if it is no longer */
};

struct table_ends {
    struct table_end low, high;
    int64_t seen; /* numbers */
    bool broken;  /* some are no whole ones */
    double sum, last;
    int64_t total; /* the last row in which a word for a sum stands, from 1; 0: none */
};

static inline void end_see(struct table_end *e, bool first, double v, const struct field *f)
{
    if (!first && v < e->most) {
        e->next = v > e->next ? v : e->next;
        return;
    }
    if (!first && v == e->most) {
        e->n++;
        return;
    }
    e->next = first ? -(double)INFINITY : e->most;
    e->most = v;
    e->n = 1;
    e->text[0] = 0;
    if (f->len < (int64_t)sizeof e->text) {
        memcpy(e->text, f->text, (size_t)f->len);
        e->text[f->len] = 0;
    }
}

/* The number V, which F is. */
static inline void ends_see(struct table_ends *e, double v, const struct field *f)
{
    end_see(&e->low, e->seen == 0, -v, f);
    end_see(&e->high, e->seen == 0, v, f);
    e->seen++;
    e->broken |= v != floor(v);
    e->sum += v;
    e->last = v;
}

/* A text of row ROW, from 0. */
static inline void ends_see_text(struct table_ends *e, int64_t row, const struct field *f)
{
    static const char *const words[] = {"total",    "totals",  "sum", "grand total",
                                        "subtotal", "average", "mean"};

    if (f->len > 12)
        return;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t n = strlen(words[i]);
        bool same = (int64_t)n == f->len || ((int64_t)n + 1 == f->len && f->text[n] == ':');

        for (size_t k = 0; same && k < n; k++)
            same = (f->text[k] | 32) == (words[i][k] | 32);
        if (same)
            e->total = row + 1;
    }
}

#endif
