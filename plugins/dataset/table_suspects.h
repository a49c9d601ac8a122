/* table_suspects.h - what is taken as it is written and may be meant otherwise, told as warnings: numbers
 * that stand for nothing (-999), dates, a last row that is the sum of the others.
 *
 * Changes nothing. Included by table_inputs.h.
 */
#ifndef DATASET_TABLE_SUSPECTS_H
#define DATASET_TABLE_SUSPECTS_H

#include "table.h"
#include "table_problems.h"

/* ---- numbers that stand for nothing ----------------------------------------------------- */

enum { FEW_ROWS = 8 }; /* of fewer nothing is told */

/* 99, 999 and so on, of either sign. */
static inline bool number_is_nines(double v)
{
    double nines = 99.0;

    v = fabs(v);
    while (nines < v && nines < 1e10)
        nines = 10.0 * nines + 9.0;
    return v == nines;
}

/* Whether the outermost number of E, on whose other side OTHER is, may stand for nothing: it is one that
 * people write for that, and farther off than the others are wide. -1 is looked for if
 * SIGNS say so, and told where the others are 1 or more and it is a quarter of their width off. */
static inline bool end_is_suspect(const struct table_end *e, const struct table_end *other, bool signs)
{
    const double wide = e->next + other->most, gap = e->most - e->next;

    if (!isfinite(e->next) || !(wide > 0.0) || -other->next >= e->next || !isfinite(other->next))
        return false; /* there are not three others */
    if (number_is_nines(e->most))
        return gap > wide;
    return signs && e->most == 1.0 && e->next <= -1.0 && gap > 0.25 * wide;
}

static inline void suspect_tell(struct table *t, int64_t j, const struct table_end *e,
                                const struct table_end *other, double sign)
{
    const struct table_column *c = &t->column[j];
    const double a = sign < 0.0 ? -e->next : -other->most, b = sign < 0.0 ? other->most : e->next;
    char key[64], what[280];

    if (!end_is_suspect(e, other, sign < 0.0 && !c->ends.broken) || t->rows < FEW_ROWS)
        return;
    if (c->role == TABLE_TARGET)
        snprintf(what, sizeof what, "Then leave those rows out of the %s", t->source);
    else
        snprintf(
            what, sizeof what,
            "Then add it to missing, as in missing: [NA, '%s'], and fill what is missing by impute; if it "
            "is a number, say columns: {%s: number}",
            e->text, table_key(t, j, key));
    fell_warn(t->ctx,
              "%s: %s stands in %lld of %lld rows, far from the others (%.6g to %.6g): does it stand for "
              "nothing? %s",
              table_label(t, j), e->text, (long long)e->n, (long long)t->rows, a, b, what);
}

/* ---- dates ------------------------------------------------------------------------------------- */

static inline int64_t digits_at(const char *p, int64_t n)
{
    int64_t k = 0;

    while (k < n && p[k] >= '0' && p[k] <= '9')
        k++;
    return k;
}

static inline int64_t month_at(const char *p, int64_t n)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    int64_t k = 0;

    while (k < n && ((p[k] | 32) >= 'a' && (p[k] | 32) <= 'z'))
        k++;
    for (size_t m = 0; k >= 3 && k <= 9 && m < sizeof months - 1; m += 3)
        if ((p[0] | 32) == months[m] && (p[1] | 32) == months[m + 1] && (p[2] | 32) == months[m + 2])
            return k;
    return 0;
}

/* 2024-01-31, 31.1.2024, 1/31/24, 31 Jan 2024, Jan-24, 12:30, each with a time behind it. */
static inline bool field_is_date(const struct field *f)
{
    const char *p = f->text;
    int64_t n = f->len, parts = 0, numbers = 0, longest = 0, k;
    char gap = 0;

    while (n > 0 && parts < 3) {
        const int64_t month = month_at(p, n);

        k = month ? month : digits_at(p, n);
        if (k == 0 || (!month && k > 4))
            return false;
        numbers += !month;
        longest = !month && k > longest ? k : longest;
        parts++;
        p += k;
        n -= k;
        if (n == 0 || parts == 3)
            break;
        if (!strchr("-/. ,:", *p) || (gap && numbers == parts && *p != gap))
            return false;
        gap = *p;
        for (k = 0; k < n && strchr(" ,", p[k]); k++)
            ;
        p += k ? k : 1;
        n -= k ? k : 1;
    }
    if (n > 0 && *p == '.' && gap != ':') /* 10.0.0.1 */
        return false;
    if (n > 0 && *p != 'T' && *p != ' ' && *p != ',' && *p != 'Z' && *p != '.' && *p != '+')
        return false;
    if (numbers < parts) /* with the name of a month */
        return parts > 1;
    if (gap == ':')
        return longest <= 2;
    return parts == 3 && (gap == '-' || gap == '/' || gap == '.') && longest >= 2;
}

/* 20240131. */
static inline bool number_is_date(double v)
{
    const int64_t d = v >= 19000101.0 && v <= 21001231.0 ? (int64_t)v : 0;

    return (double)d == v && d / 100 % 100 >= 1 && d / 100 % 100 <= 12 && d % 100 >= 1 && d % 100 <= 31;
}

#define SUSPECT_DATES                                                                                        \
    "make numbers of them before (days or seconds since one of them; what repeats, as the hour, by sine "    \
    "and cosine)"

/* Column J of numbers. */
static inline void suspect_number_dates(struct table *t, int64_t j)
{
    const struct table_column *c = &t->column[j];

    if (c->min < c->max && number_is_date(c->min) && number_is_date(c->max) && number_is_date(c->ends.last) &&
        number_is_date(-c->ends.low.next) && number_is_date(c->ends.high.next))
        fell_warn(t->ctx,
                  "%s: %.0f to %.0f look like dates, and are taken as numbers, in which a month is 100 and a "
                  "year 10000; " SUSPECT_DATES,
                  table_label(t, j), c->min, c->max);
}

/* ---- the last row --------------------------------------------------------------------------------- */

/* Its numbers are the sums of those above, in each column in which it has one or in two at least; or a word
 * says so. */
static inline void suspect_last_row(struct table *t)
{
    int64_t numbers = 0, sums = 0, word = -1;
    char text[96];

    for (int64_t j = 0; j < t->n; j++) {
        const struct table_column *c = &t->column[j];
        const double others = c->ends.sum - c->ends.last;

        if (c->role == TABLE_LEFT_OUT)
            continue;
        if (c->ends.total == t->rows && c->texts > 1)
            word = j;
        if (c->ends.seen < 4 || c->texts || c->ends.seen + c->missing < t->rows || c->min == c->max)
            continue;
        numbers++;
        sums += others != 0.0 && fabs(others - c->ends.last) <= 1e-9 * fabs(c->ends.last);
    }
    if (t->rows < 4 || (word < 0 && (sums < 2 || 2 * sums < numbers)))
        return;
    if (word >= 0)
        snprintf(text, sizeof text, "a word for that stands in column %lld", (long long)word + 1);
    else
        snprintf(text, sizeof text, "in %lld of %lld columns it is", (long long)sums, (long long)numbers);
    fell_warn(t->ctx,
              "is the last row, %lld of %lld, the sum or mean of those above it (%s)? It is taken as a row "
              "like any other; "
              "leave it out of the %s",
              (long long)t->rows, (long long)t->rows, text, t->source);
}

/* All inputs of a source whose columns are settled, and targets that are VALUES. */
static inline void suspects_tell(struct table *t, bool values)
{
    for (int64_t j = 0; j < t->n; j++) {
        const struct table_column *c = &t->column[j];
        const bool target = c->role == TABLE_TARGET && values && c->numbers == t->rows;

        if (!target && (c->role != TABLE_INPUT || c->is != FELL_NUMBER || c->declared != 0))
            continue;
        suspect_tell(t, j, &c->ends.low, &c->ends.high, -1.0);
        suspect_tell(t, j, &c->ends.high, &c->ends.low, 1.0);
        if (!target)
            suspect_number_dates(t, j);
    }
    suspect_last_row(t);
}

#endif
