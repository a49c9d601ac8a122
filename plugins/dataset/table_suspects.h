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
 * SIGNS say so, and told where the others are 1 or more, three at least, and it is a quarter of their width
 * off. */
static inline bool end_is_suspect(const struct table_end *e, const struct table_end *other, bool signs)
{
    const double wide = e->next + other->most, gap = e->most - e->next;

    if (!isfinite(e->next) || !(wide > 0.0))
        return false; /* there are not two others */
    if (number_is_nines(e->most))
        return gap > wide;
    return isfinite(other->next) && -other->next < e->next && signs && e->most == 1.0 && e->next <= -1.0 &&
           gap > 0.25 * wide;
}

static inline void suspect_tell(struct table *t, int64_t j, const struct table_end *e,
                                const struct table_end *other, double sign)
{
    const struct table_column *c = &t->column[j];
    const double a = sign < 0.0 ? -e->next : -other->most, b = sign < 0.0 ? other->most : e->next;
    char key[64], text[32], also[40] = "", what[320];

    if (!end_is_suspect(e, other, sign < 0.0 && !c->ends.broken) || t->rows < FEW_ROWS)
        return;
    if (e->text[0])
        snprintf(text, sizeof text, "%s", e->text);
    else
        snprintf(text, sizeof text, "%.17g", sign * e->most);
    if (e->text[0] && e->other[0])
        snprintf(also, sizeof also, ", '%s'", e->other);
    if (c->role == TABLE_TARGET)
        snprintf(what, sizeof what, "Then leave those rows out of the %s", t->source);
    else
        snprintf(what, sizeof what,
                 "Then add it to missing%s, as in missing: [NA, '%s'%s], and fill what is missing by impute; "
                 "if it "
                 "is a number, say columns: {%s: number}",
                 e->text[0] ? "" : " as it is written", text, also, table_key(t, j, key));
    fell_warn(t->ctx,
              "%s: %s stands in %lld of %lld rows, far from the others (%.6g to %.6g): does it stand for "
              "nothing? %s",
              table_label(t, j), text, (long long)e->n, (long long)t->rows, a, b, what);
}

/* ---- dates ------------------------------------------------------------------------------------- */

/* A number of 1 to 4 digits, or a month by its name in English, and what stands behind it. */
struct date_part {
    int64_t digits, value; /* digits 0: a month */
    char gap;              /* 0: the end */
};

/* The month whose full name, or one of the usual abbreviations, the N letters at P are; 0: of none. */
static inline int64_t month_of(const char *p, int64_t n)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};

    for (int64_t m = 0; m < 12; m++) {
        bool same = n == 3 || n == (int64_t)strlen(months[m]) || (n == 4 && m == 8);

        for (int64_t k = 0; same && k < n; k++)
            same = (p[k] | 32) == months[m][k];
        if (same)
            return m + 1;
    }
    return 0;
}

/* One part at P [n]; its length, 0: there is none. */
static inline int64_t date_part(const char *p, int64_t n, struct date_part *d)
{
    int64_t k = 0;

    *d = (struct date_part){.digits = 0};
    while (k < n && k < 5 && p[k] >= '0' && p[k] <= '9')
        d->value = 10 * d->value + (p[k++] - '0');
    d->digits = k;
    if (k > 0)
        return k < 5 ? k : 0;
    while (k < n && ((p[k] | 32) >= 'a' && (p[k] | 32) <= 'z'))
        k++;
    d->value = month_of(p, k);
    return d->value ? k : 0;
}

static inline bool is_day(const struct date_part *d)
{
    return (d->digits == 1 || d->digits == 2) && d->value >= 1 && d->value <= 31;
}

/* MONTH: of a number. */
static inline bool is_month(const struct date_part *d)
{
    return is_day(d) && d->value <= 12;
}

static inline bool is_year(const struct date_part *d)
{
    return d->digits == 2 || (d->digits == 4 && d->value >= 1000 && d->value < 3000);
}

/* 12:30, 12:30:59. */
static inline bool parts_are_time(const struct date_part *d, int64_t n)
{
    return n >= 2 && d[0].digits >= 1 && d[0].digits <= 2 && d[0].value < 24 && d[1].digits == 2 &&
           d[1].value < 60 && (n < 3 || (d[2].digits == 2 && d[2].value < 60));
}

/* Three numbers in the order of a language, or a month's name with a day, a year or both. */
static inline bool parts_are_date(const struct date_part *d, int64_t n)
{
    int64_t names = 0, name = 0;

    for (int64_t i = 0; i < n; i++)
        if (!d[i].digits) {
            names++;
            name = i;
        }
    if (names == 0)
        return n == 3 &&
               ((d[0].digits == 4 && is_year(&d[0]) && is_month(&d[1]) && is_day(&d[2])) ||
                (is_day(&d[0]) && is_day(&d[1]) && (is_month(&d[0]) || is_month(&d[1])) && is_year(&d[2])));
    if (names > 1 || n < 2)
        return false;
    if (n == 2)
        return is_day(&d[1 - name]) || is_year(&d[1 - name]);
    d = name == 0 ? d + 1 : d; /* now a number, perhaps the month, a number */
    return (is_day(&d[0]) && is_year(name == 1 ? &d[2] : &d[1])) ||
           (is_year(&d[0]) && is_day(name == 1 ? &d[2] : &d[1]));
}

/* The parts at the beginning of F, at most three, with blanks and commas between them; how many. */
static inline int64_t date_parts(const struct field *f, struct date_part part[3])
{
    const char *p = f->text;
    int64_t left = f->len, n = 0, k;

    while (n < 3 && (k = date_part(p, left, &part[n])) > 0) {
        p += k;
        left -= k;
        part[n].gap = left > 0 ? *p : 0;
        n++;
        if (left == 0 || !strchr("-/. ,:", *p))
            break;
        for (k = 1; k < left && (p[k] == ' ' || p[k] == ','); k++)
            continue;
        p += k;
        left -= k;
    }
    return n;
}

/* 2024-01-31, 31.1.2024, 1/31/24, 31 Jan 2024, Jan-24, 12:30, each with a time or more behind it. What looks
 * alike and is no day of a calendar is none: 555-123-4567, 1.10.2, 2:1. */
static inline bool field_is_date(const struct field *f)
{
    struct date_part part[3];
    int64_t n = date_parts(f, part), names = 0;
    bool time;

    for (int64_t i = 0; i < n; i++)
        names += !part[i].digits;
    time = n >= 2 && names == 0 && part[0].gap == ':';
    if (n == 3 && (time ? part[1].gap != ':' : names && part[2].gap == ':'))
        n--; /* 12:30 9, 31 Jan 12:30 */
    if (n < 2 || (part[n - 1].gap && !strchr(time ? " .,Z+-" : "T ,Z+", part[n - 1].gap)))
        return false;
    if (time)
        return parts_are_time(part, n);
    if (names == 0 && (part[0].gap != part[1].gap || !strchr("-/.", part[0].gap)))
        return false;
    return parts_are_date(part, n);
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

/* Its numbers are the sums of those above, in each column in which it has one or in two at least, and above
 * them all, as 1 in a column of 0 and 1 is not; or a word says so that stands nowhere else. */
static inline void suspect_last_row(struct table *t)
{
    int64_t numbers = 0, sums = 0, word = -1;
    char text[96];

    for (int64_t j = 0; j < t->n; j++) {
        const struct table_column *c = &t->column[j];
        const double others = c->ends.sum - c->ends.last;

        if (c->role == TABLE_LEFT_OUT)
            continue;
        if (c->ends.total == t->rows && c->ends.totals == 1 && c->texts > 1)
            word = j;
        if (c->ends.seen < 4 || c->texts || c->ends.seen + c->missing < t->rows || c->min == c->max ||
            c->ends.last_row != t->rows)
            continue;
        numbers++;
        sums += c->ends.high.n == 1 && c->ends.last == c->ends.high.most && others != 0.0 &&
                fabs(others - c->ends.last) <= 1e-9 * fabs(c->ends.last);
    }
    if (t->rows < 4 || (word < 0 && (t->rows < 5 || sums < 2 || 2 * sums < numbers)))
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
