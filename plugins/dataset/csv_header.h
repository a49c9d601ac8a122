/* csv_header.h - whether the first line of a CSV file names the columns.
 *
 * Included by csv.c. Each rule can be said in a sentence, which `fell check` shows; where none
 * decides, the answer is an error that asks for header: yes or no.
 */
#ifndef DATASET_CSV_HEADER_H
#define DATASET_CSV_HEADER_H

#include "table.h"

enum header_mode { HEADER_AUTO, HEADER_YES, HEADER_NO };

enum { HEADER_LOOKED_AT = 1000 }; /* rows */

/* What the first line looks like beside the others. */
struct header_look {
    int64_t numbers, empty, distinct_whole;
    bool counts;              /* 0, 1, 2 ... or 1, 2, 3 ... or years, at least three */
    int64_t repeats;          /* a column where its text stands again below, -1: none */
    int64_t fractions;        /* columns of its numbers with some below */
    int64_t text_over_number; /* a column with text above a number in the second line, or -1 */
};

static inline bool header_whole(const struct table *t, const struct field *f, double *value)
{
    return table_number(t, f, value) && *value == floor(*value) && !memchr(f->text, '.', (size_t)f->len) &&
           !memchr(f->text, ',', (size_t)f->len);
}

/* Whether the fields of ROW from column FROM on are whole numbers that count up by one from 0 or 1, or
 * are years in equal steps; three at least, of years two. */
static inline bool header_counts(const struct table *t, int64_t row, int64_t from)
{
    double first = 0.0, before = 0.0, step = 1.0;

    if (t->n - from < 2)
        return false;
    for (int64_t j = from; j < t->n; j++) {
        const struct field f = table_field(t, row, j);
        double v;

        if (!header_whole(t, &f, &v))
            return false;
        if (j == from)
            first = v;
        if (j == from + 1)
            step = v - before;
        if (j > from && v - before != step)
            return false;
        before = v;
    }
    if (first >= 1500.0 && before <= 2200.0)
        return step > 0.0;
    return t->n - from >= 3 && step == 1.0 && (first == 0.0 || first == 1.0);
}

static inline bool header_below_has_fraction(const struct table *t, int64_t j)
{
    for (int64_t row = 1; row < t->rows && row < HEADER_LOOKED_AT; row++) {
        const struct field f = table_field(t, row, j);
        double v;

        if (table_number(t, &f, &v) && v != floor(v))
            return true;
    }
    return false;
}

static inline bool header_stands_below(const struct table *t, int64_t j)
{
    const struct field first = table_field(t, 0, j);

    for (int64_t row = 1; row < t->rows && row < HEADER_LOOKED_AT && first.len > 0; row++) {
        const struct field f = table_field(t, row, j);

        if (f.len == first.len && !memcmp(f.text, first.text, (size_t)f.len))
            return true;
    }
    return false;
}

static inline struct header_look header_look(const struct table *t)
{
    struct header_look look = {.counts = header_counts(t, 0, 0), .repeats = -1, .text_over_number = -1};

    for (int64_t j = 0; j < t->n; j++) {
        const struct field f = table_field(t, 0, j);
        const bool missing = table_missing(t, &f);
        double v;

        if (table_number(t, &f, &v)) {
            look.numbers++;
            look.distinct_whole += header_whole(t, &f, &v);
            look.fractions += header_below_has_fraction(t, j);
            continue;
        }
        look.empty += f.len == 0;
        if (look.repeats < 0 && !missing && header_stands_below(t, j))
            look.repeats = j;
        if (look.text_over_number < 0 && !missing && t->rows > 1) {
            const struct field below = table_field(t, 1, j);

            if (table_number(t, &below, &v))
                look.text_over_number = j;
        }
    }
    for (int64_t j = 0; j < t->n; j++)
        for (int64_t k = 0; k < j; k++) {
            const struct field a = table_field(t, 0, j), b = table_field(t, 0, k);

            if (a.len == b.len && !memcmp(a.text, b.text, (size_t)a.len))
                look.distinct_whole = 0;
        }
    return look;
}

static inline fell_status header_ask(const struct table *t, const char *why)
{
    const struct field f = table_field(t, 0, 0);

    return fell_fail(t->ctx,
                     "header: %s%lld: does line %lld (%.*s, ...) name the columns? %s; say header: yes, or "
                     "header: no",
                     t->place + strcspn(t->place, " ") + 1, table_line(t, 0), table_line(t, 0),
                     field_shown(&f), f.text, why);
}

/* Whether row 0 names the columns, and in a few words why. TARGETS is the setting `target`. */
static inline fell_status header_settle(const struct table *t, int32_t mode, const fell_strings *targets,
                                        bool *header, const char **why)
{
    struct header_look look;
    int64_t index;

    *header = mode == HEADER_YES;
    *why = mode == HEADER_YES ? "as header: yes says" : "as header: no says";
    if (mode != HEADER_AUTO)
        return FELL_OK;
    for (int64_t i = 0; i < targets->n; i++)
        for (int64_t j = 0; j < t->n; j++) {
            const struct field f = table_field(t, 0, j);

            if (field_is(&f, targets->v[i]) && !table_index(targets->v[i], &index)) {
                *header = true;
                *why = "it names the target";
                return FELL_OK;
            }
        }
    look = header_look(t);
    if (look.numbers == 0) {
        *header = look.repeats < 0 || look.text_over_number >= 0;
        *why = *header ? "it holds no number" : "what it holds stands below again";
        return FELL_OK;
    }
    if (look.numbers == t->n - 1 && look.empty == 1 && table_field(t, 0, 0).len == 0 &&
        (header_counts(t, 0, 1) || look.distinct_whole == look.numbers)) {
        *header = true;
        *why = "its first field is empty, as pandas writes an index";
        return FELL_OK;
    }
    if (look.text_over_number >= 0) {
        const int64_t j = look.text_over_number;
        const struct field f = table_field(t, 0, j);

        return fell_fail(t->ctx,
                         "%s%lld: column %lld: '%.*s' is not a number, but line %lld has one there; if line "
                         "%lld names the columns, say header: yes",
                         t->place, table_line(t, 0), (long long)j + 1, field_shown(&f), f.text,
                         table_line(t, 1), table_line(t, 0));
    }
    *why = "it holds numbers";
    if (t->rows < 2 || look.numbers < t->n || look.distinct_whole < t->n || header_counts(t, 1, 0))
        return FELL_OK;
    if (look.counts && 2 * look.fractions >= t->n) {
        *header = true;
        *why = "its whole numbers count up, and fractions stand below";
        return FELL_OK;
    }
    if (look.counts)
        return header_ask(t, "its numbers count up, as names do");
    if (look.fractions == t->n && t->n > 1)
        return header_ask(t, "it holds whole numbers that all differ, with fractions below");
    return FELL_OK;
}

/* Whether row ROW of those in memory has the field WANTED. */
static inline bool header_row_has(const struct table *t, int64_t row, const char *wanted)
{
    for (int64_t j = 0; j < t->n; j++) {
        const struct field f = table_field(t, row, j);

        if (field_is(&f, wanted))
            return true;
    }
    return false;
}

/* Errors: what names a target stands in a later line than the first, below a title. */
static inline fell_status header_refuse_title(const struct table *t, const fell_strings *targets)
{
    enum { LOOKED_AT = 20 };

    for (int64_t i = 0; i < targets->n; i++) {
        int64_t number;

        if (table_index(targets->v[i], &number) || header_row_has(t, 0, targets->v[i]))
            continue;
        for (int64_t row = 1; row < t->rows && row < LOOKED_AT; row++)
            if (header_row_has(t, row, targets->v[i]))
                return fell_fail(
                    t->ctx,
                    "%s%lld: '%s' stands in this line, not in the first; if it names the columns, "
                    "remove what stands above it",
                    t->place, (long long)table_line(t, row), targets->v[i]);
    }
    return FELL_OK;
}

#endif
