/* table_rows.h - the rows of a table one by one, wherever they are, and what each column holds.
 *
 * Rows are in memory (sqlite, libsvm) or gone through anew each time (csv): whoever asks something of all
 * rows gives a function that sees one after the other. What is to be shown later is copied. Included by
 * table_inputs.h and targets.h.
 */
#ifndef DATASET_TABLE_ROWS_H
#define DATASET_TABLE_ROWS_H

#include "table.h"

/* FIELD [t->n] of row ROW, which is LINE in its file; only till the next row comes. */
typedef fell_status table_visit(void *arg, int64_t row, int64_t line, const struct field *field);

static inline fell_status table_each(struct table *t, table_visit *visit, void *arg)
{
    struct field *field;
    fell_status result = FELL_OK;

    if (t->pass)
        return t->pass(t, visit, arg);
    field = malloc((size_t)t->n * sizeof *field);
    if (!field)
        return table_no_memory(t);
    for (int64_t row = 0; row < t->rows && result == FELL_OK; row++) {
        for (int64_t j = 0; j < t->n; j++)
            field[j] = table_field(t, row, j);
        result = visit(arg, row, table_line(t, row), field);
    }
    free(field);
    return result;
}

/* ---- what the fields of a column are --------------------------------------------------- */

/* Where the unit of a number begins, 1040 kg or 75hp: letters, and behind the first others than digits, to
 * the end of F. 0: it is none. */
static inline int64_t field_unit(const struct table *t, const struct field *f)
{
    enum { LONGEST = 12 };
    struct field number = *f;
    int64_t at = f->len;
    double v;

    while (at > 0 && !(f->text[at - 1] >= '0' && f->text[at - 1] <= '9'))
        at--;
    number.len = at;
    if (at == 0 || at == f->len || f->len - at > LONGEST || !table_number(t, &number, &v))
        return 0;
    at += f->text[at] == ' ';
    if (!((f->text[at] | 32) >= 'a' && (f->text[at] | 32) <= 'z') && !((unsigned char)f->text[at] & 0x80))
        return 0;
    return f->len - at == 2 && f->text[at] == 't' && f->text[at + 1] == 'h' ? 0 : at; /* 4th */
}

/* Whether F is a number with the unit of the first text of its column. */
static inline bool field_shares_unit(const struct table *t, const struct field *f, const struct field *first)
{
    const int64_t at = field_unit(t, f), from = at ? field_unit(t, first) : 0;

    return from && f->len - at == first->len - from &&
           !memcmp(f->text + at, first->text + from, (size_t)(f->len - at));
}

/* One more of a kind; the first is kept. False: out of memory. */
static inline bool table_note(struct table *t, int64_t *count, struct table_spot *first, int64_t row,
                              int64_t line, const struct field *f)
{
    if ((*count)++)
        return true;
    *first = (struct table_spot){row, line, {keep_bytes(&t->kept, f->text, f->len), f->len}};
    return first->f.text != NULL;
}

static inline bool table_count_number(struct table *t, struct table_column *c, int64_t row, int64_t line,
                                      const struct field *f, double v)
{
    c->min = c->numbers && c->min < v ? c->min : v;
    c->max = c->numbers && c->max > v ? c->max : v;
    c->numbers++;
    c->from = row == 0 ? v : c->from;
    c->skips |= v != c->from + (double)row;
    c->rounds |= (double)(float)v != v;
    ends_see(&c->ends, row, v, f);
    if (!isfinite((float)v) && !table_note(t, &c->large, &c->first_large, row, line, f))
        return false;
    return c->is != 0 || !scan_is_code(f) || table_note(t, &c->codes, &c->first_code, row, line, f);
}

static inline bool table_count_field(struct table *t, struct table_column *c, int64_t row, int64_t line,
                                     const struct field *f)
{
    int64_t begins = row > 0;
    double v;

    if (!table_note(t, &begins, &c->first, row, line, f))
        return false;
    if (table_missing(t, f))
        return table_note(t, &c->missing, &c->first_missing, row, line, f);
    if (table_number(t, f, &v))
        return table_count_number(t, c, row, line, f, v);
    if (field_is_foreign(t, f))
        return table_note(t, &c->commas, &c->first_comma, row, line, f);
    ends_see_text(&c->ends, row, f);
    c->units += field_shares_unit(t, f, c->texts ? &c->first_text.f : f);
    return table_note(t, &c->texts, &c->first_text, row, line, f);
}

/* A row of the table ARG, a table_visit. */
static inline fell_status table_count_row(void *arg, int64_t row, int64_t line, const struct field *field)
{
    struct table *t = arg;

    for (int64_t j = 0; j < t->n; j++)
        if (t->column[j].role != TABLE_LEFT_OUT && !table_count_field(t, &t->column[j], row, line, &field[j]))
            return table_no_memory(t);
    return FELL_OK;
}

/* All rows, unless whoever read them has done it. */
static inline fell_status table_count(struct table *t)
{
    if (!t->counted && table_each(t, table_count_row, t) != FELL_OK)
        return FELL_ERROR;
    t->counted = true;
    return FELL_OK;
}

#endif
