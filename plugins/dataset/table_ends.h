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
    char other[24];    /* the same number as it is written otherwise, if it is */
};

struct table_ends {
    struct table_end low, high;
    int64_t seen; /* numbers */
    bool broken;  /* some are no whole ones */
    double sum, last;
    int64_t last_row;      /* that of `last`, from 1 */
    int64_t total, totals; /* the last row in which a word for a sum stands, from 1; how many such rows */
};

/* To TEXT [24], empty if F is longer. */
static inline void end_copy(const struct field *f, char text[24])
{
    const int64_t n = f->len < 24 ? f->len : 0;

    memcpy(text, f->text, (size_t)n);
    text[n] = 0;
}

static inline void end_see(struct table_end *e, bool first, double v, const struct field *f)
{
    if (!first && v < e->most) {
        e->next = v > e->next ? v : e->next;
        return;
    }
    if (!first && v == e->most) {
        e->n++;
        if (!e->other[0] && ((int64_t)strlen(e->text) != f->len || memcmp(e->text, f->text, (size_t)f->len)))
            end_copy(f, e->other);
        return;
    }
    e->next = first ? -(double)INFINITY : e->most;
    e->most = v;
    e->n = 1;
    e->other[0] = 0;
    end_copy(f, e->text);
}

/* The number V of row ROW, from 0, which F is. */
static inline void ends_see(struct table_ends *e, int64_t row, double v, const struct field *f)
{
    end_see(&e->low, e->seen == 0, -v, f);
    end_see(&e->high, e->seen == 0, v, f);
    e->seen++;
    e->broken |= v != floor(v);
    e->sum += v;
    e->last = v;
    e->last_row = row + 1;
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
        if (same) {
            e->total = row + 1;
            e->totals++;
        }
    }
}

#endif
