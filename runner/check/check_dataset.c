/* check_dataset.c - that a dataset gives rows as they are asked for, and what it says of them beside: how
 * much they count, which stay together, and what the columns are. See check.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"
#include "check/hooks.h"

/* A finding gets the settings behind it. */
static void add_where(const struct rig *g, struct finding *f)
{
    const struct error said = f->text;
    char where[512];

    if (f->outcome != OUTCOME_PASSED)
        error_set(&f->text, "%.700s, %s", said.text, rig_where(g, where));
}

/* Does a list of N elements of SIZE bytes at P end before its memory does, where that is known? */
static bool has_room(const void *p, const char *name, int64_t n, size_t size, struct finding *f)
{
    const size_t room = hooks_room(p);

    if (room >= (size_t)n * size)
        return true;
    if (room == 0)
        finding_fail(f, "%s lies in memory that was given back; it has to live until close", name);
    finding_fail(f, "%s has room for %zu of %lld rows", name, room / size, (long long)n);
    return false;
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* All rows, or the first ones of very many. */
struct all_rows {
    int64_t n, nx, nt, *row;
    float *x;     /* [n,nx] */
    void *target; /* [n,nt] floats or classes */
};

static void all_rows_init(struct all_rows *a, const fell_data_info *info)
{
    enum { MOST = 5000, MOST_NUMBERS = 1 << 22 };
    const int64_t nx = fell_size(&info->x), nt = fell_size(&info->target);
    int64_t n = info->rows < MOST ? info->rows : MOST;

    n = n * (nx + nt) > MOST_NUMBERS ? MOST_NUMBERS / (nx + nt) + 1 : n;
    *a = (struct all_rows){.n = n, .nx = nx, .nt = nt};
    a->row = mem_array((size_t)n, sizeof *a->row);
    a->x = mem_array((size_t)(n * nx), sizeof *a->x);
    a->target = mem_array((size_t)(n * nt), sizeof(float));
    for (int64_t i = 0; i < n; i++)
        a->row[i] = i;
}

static void all_rows_release(struct all_rows *a)
{
    free(a->row);
    free(a->x);
    free(a->target);
}

/* So many rows a call. */
static bool read_all(struct rig *g, const fell_data_info *info, struct all_rows *a, int64_t each,
                     struct finding *f)
{
    struct error err;

    for (int64_t i = 0; i < a->n; i += each)
        if (rig_data_read(g, info, a->row + i, a->n - i < each ? a->n - i : each, a->x + i * a->nx,
                          (float *)a->target + i * a->nt, &err) != OK) {
            finding_fail(f, "rows from %lld on, %lld in one call, are refused: %.300s", (long long)i,
                         (long long)each, err.text);
            return false;
        }
    return true;
}

static void look_at_numbers(const fell_data_info *info, const struct all_rows *a, struct finding *f)
{
    for (int64_t i = 0; i < a->n * a->nx; i++)
        if (!isfinite(a->x[i]))
            finding_fail(f, "x[%lld] of row %lld is %g, and no gaps are allowed in this call of open",
                         (long long)(i % a->nx), (long long)(i / a->nx), (double)a->x[i]);
    for (int64_t i = 0; info->vocabulary && i < a->n * a->nx; i++)
        if (!(a->x[i] >= 0.0f) || a->x[i] >= (float)info->vocabulary || a->x[i] != floorf(a->x[i]))
            finding_fail(f, "x[%lld] of row %lld is %g, and no place in a vocabulary of %lld",
                         (long long)(i % a->nx), (long long)(i / a->nx), (double)a->x[i],
                         (long long)info->vocabulary);
    for (int64_t i = 0; info->step > 0 && info->step < a->nx && i < (a->n - 1) * a->nx; i++)
        if (i % a->nx + info->step < a->nx && a->x[i + info->step] != a->x[i + a->nx])
            finding_fail(f, "row %lld is not row %lld %lld numbers further on, as its step says",
                         (long long)(i / a->nx + 1), (long long)(i / a->nx), (long long)info->step);
    for (int64_t i = 0; i < a->n * a->nt; i++) {
        struct error why;

        if (info->is == FELL_CLASSES &&
            rig_class_ok(info, i / a->nt, ((const int32_t *)a->target)[i], &why) != OK)
            finding_fail(f, "%s", why.text);
        if (info->is != FELL_CLASSES && !isfinite(((const float *)a->target)[i]))
            finding_fail(f, "the target of row %lld is %g", (long long)(i / a->nt),
                         (double)((const float *)a->target)[i]);
    }
}

/* One by one, and then, of what is still open, as many at once as it has. */
static void check_all_rows(struct rig *g, const fell_data_info *info, struct finding *f)
{
    struct all_rows one, all;

    all_rows_init(&one, info);
    all_rows_init(&all, info);
    if (read_all(g, info, &one, 1, f) && read_all(g, info, &all, all.n, f)) {
        look_at_numbers(info, &one, f);
        for (int64_t i = 0; i < one.n; i++)
            if (memcmp(one.x + i * one.nx, all.x + i * one.nx, (size_t)one.nx * sizeof(float)) != 0 ||
                memcmp((float *)one.target + i * one.nt, (float *)all.target + i * one.nt,
                       (size_t)one.nt * sizeof(float)) != 0)
                finding_fail(f,
                             "row %lld, read by itself and then among all %lld in one call, is not the same",
                             (long long)i, (long long)one.n);
    }
    all_rows_release(&one);
    all_rows_release(&all);
}

void check_reading(struct checked *c, struct finding *f)
{
    const struct conditions each = usual_conditions(c->seed, c->level);
    struct conditions mixed = each;

    mixed.reading = READ_MIXED;
    checked_all_agree(c, &each, &mixed, "a row a call, and all in one call", f);
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], &each);
        struct error err;
        fell_data_info info;

        if (g && rig_data_open(g, &info, &err) == OK) {
            check_all_rows(g, &info, f);
            rig_data_close(g, &info);
            add_where(g, f);
        }
        checked_done(g);
    }
}

/* ---- weights, groups ---------------------------------------------------------------------------- */

static void look_at_weights(const fell_data_info *info, struct finding *f)
{
    double sum = 0.0;

    if (!info->weight || !has_room(info->weight, "weight", info->rows, sizeof *info->weight, f))
        return;
    for (int64_t i = 0; i < info->rows; i++) {
        const double w = (double)info->weight[i];

        if (!(w >= 0.0) || isinf(w))
            finding_fail(f, "the weight of row %lld is %g; weights are finite, and 0 or more", (long long)i,
                         w);
        sum += w;
    }
    if (f->outcome == OUTCOME_PASSED && sum == 0.0)
        finding_fail(f, "the weights of all rows are 0: nothing can be learnt");
}

static void look_at_groups(const fell_data_info *info, struct finding *f)
{
    int64_t first;

    if (!info->group || !has_room(info->group, "group", info->rows, sizeof *info->group, f))
        return;
    first = info->group[0];
    for (int64_t i = 1; i < info->rows; i++)
        if (info->group[i] != first)
            return;
    finding_fail(f, "all rows are of group %lld: they cannot be split", (long long)first);
}

/* ---- columns ---------------------------------------------------------------------------------- */

static const char *column_name(const fell_data_info *info, int64_t k, char out[80])
{
    if (info->column[k].name)
        snprintf(out, 80, "column %lld, '%.40s'", (long long)k, info->column[k].name);
    else
        snprintf(out, 80, "column %lld", (long long)k);
    return out;
}

/* Columns follow each other and hold all of a row. */
static bool columns_fit(const fell_data_info *info, struct finding *f)
{
    const int64_t nx = fell_size(&info->x);
    int64_t at = 0;
    char who[80];

    for (int64_t k = 0; k < info->ncolumns; k++) {
        const fell_column *c = &info->column[k];

        column_name(info, k, who);
        if (c->at != at || c->width < 1)
            finding_fail(f, "%s begins at %lld with a width of %lld; what is before it ends at %lld", who,
                         (long long)c->at, (long long)c->width, (long long)at);
        else if (c->is != FELL_NUMBER && c->is != FELL_CATEGORY && c->is != FELL_INDEX)
            finding_fail(f, "%s is none of FELL_NUMBER, FELL_CATEGORY and FELL_INDEX", who);
        else if (c->width > 1 && c->width != c->nwords)
            finding_fail(f, "%s has a width of %lld and %lld words", who, (long long)c->width,
                         (long long)c->nwords);
        at += c->width;
    }
    if (f->outcome == OUTCOME_PASSED && at != nx)
        finding_fail(f, "its columns hold %lld numbers, and a row has %lld", (long long)at, (long long)nx);
    return f->outcome == OUTCOME_PASSED;
}

/* Two of N texts that are the same, or one that is none; false if all is well. */
static bool is_ambiguous(const char *const *text, int64_t n, const char *what, const char *of,
                         struct finding *f)
{
    for (int64_t i = 0; i < n; i++) {
        if (!text[i] || !text[i][0])
            finding_fail(f, "%s %lld%s has no name", what, (long long)i, of);
        for (int64_t k = 0; k < i && f->outcome == OUTCOME_PASSED; k++)
            if (strcmp(text[i], text[k]) == 0)
                finding_fail(f, "%ss %lld and %lld%s have one name, '%.40s'", what, (long long)k,
                             (long long)i, of, text[i]);
    }
    return f->outcome != OUTCOME_PASSED;
}

/* Columns of a test set are found by name: all have one of their own, or none has. */
static void look_at_names(const fell_data_info *info, struct finding *f)
{
    const char **name = mem_array((size_t)info->ncolumns, sizeof *name);
    bool any = false;
    char who[80], of[96];

    for (int64_t k = 0; k < info->ncolumns; k++) {
        name[k] = info->column[k].name;
        any = any || name[k];
    }
    if (!any || !is_ambiguous(name, info->ncolumns, "column", "", f))
        for (int64_t k = 0; k < info->ncolumns; k++) {
            snprintf(of, sizeof of, " of %s", column_name(info, k, who));
            if (info->column[k].nwords &&
                (!info->column[k].word ||
                 is_ambiguous(info->column[k].word, info->column[k].nwords, "word", of, f))) {
                finding_fail(f, "%s has no words", who);
                break;
            }
        }
    free(name);
}

/* The numbers of COLUMN in one row. */
static void look_at_value(const fell_data_info *info, int64_t k, const float *x, int64_t row,
                          struct finding *f)
{
    const fell_column *c = &info->column[k];
    const double least = c->min - 1e-5 * (1.0 + fabs(c->min)), most = c->max + 1e-5 * (1.0 + fabs(c->max));
    int64_t ones = 0, others = 0;
    char who[80];

    column_name(info, k, who);
    if (c->is == FELL_NUMBER && ((double)x[0] < least || (double)x[0] > most))
        finding_fail(f, "%s lies between %g and %g, and row %lld has %g", who, c->min, c->max, (long long)row,
                     (double)x[0]);
    for (int64_t j = 0; j < c->width && c->width > 1 && !isnan(x[0]); j++) {
        ones += x[j] == 1.0f;
        others += x[j] != 0.0f && x[j] != 1.0f;
    }
    if (ones > 1 || others)
        finding_fail(f, "%s is a category of %lld words, and row %lld is not 1 at one of them and 0 else",
                     who, (long long)c->nwords, (long long)row);
}

/* What columns say of rows holds for row ROW, X; MISSING [ncolumns] += those without a value. */
static void look_at_row(const fell_data_info *info, const float *x, int64_t row, int64_t *missing,
                        struct finding *f)
{
    for (int64_t k = 0; k < info->ncolumns; k++) {
        look_at_value(info, k, x + info->column[k].at, row, f);
        missing[k] += isnan(x[info->column[k].at]);
    }
}

static void look_at_rows(struct rig *g, const fell_data_info *info, struct finding *f)
{
    int64_t *missing = mem_array((size_t)info->ncolumns, sizeof *missing);
    struct all_rows a;
    char who[80];

    all_rows_init(&a, info);
    if (read_all(g, info, &a, a.n, f))
        for (int64_t row = 0; row < a.n && f->outcome == OUTCOME_PASSED; row++)
            look_at_row(info, a.x + row * a.nx, row, missing, f);
    for (int64_t k = 0; k < info->ncolumns && a.n == info->rows && f->outcome == OUTCOME_PASSED; k++)
        if (missing[k] != info->column[k].missing)
            finding_fail(f, "%s says that %lld values are missing; %lld are", column_name(info, k, who),
                         (long long)info->column[k].missing, (long long)missing[k]);
    all_rows_release(&a);
    free(missing);
}

/* ---- all ---------------------------------------------------------------------------------------- */

/* That all that it points to lives as long as it is open. */
static void look_at_lives(const fell_data_info *info, struct finding *f)
{
    if (info->is == FELL_CLASSES && info->class_names &&
        has_room(info->class_names, "class_names", info->nclasses, sizeof *info->class_names, f))
        for (int64_t i = 0; i < info->nclasses; i++)
            has_room(info->class_names[i], "a class name", 1, 1, f);
    if (info->column && info->ncolumns)
        has_room(info->column, "column", info->ncolumns, sizeof *info->column, f);
}

static void look_at(struct rig *g, const fell_data_info *info, struct finding *f)
{
    look_at_lives(info, f);
    look_at_weights(info, f);
    look_at_groups(info, f);
    if (info->ncolumns && !info->column)
        finding_fail(f, "it says that it has %lld columns, and not what they are", (long long)info->ncolumns);
    else if (info->ncolumns && f->outcome == OUTCOME_PASSED && columns_fit(info, f)) {
        look_at_names(info, f);
        if (f->outcome == OUTCOME_PASSED)
            look_at_rows(g, info, f);
    }
}

void check_marks(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);

    hooks_set(c->item->file->handle); /* or rooms are not known */
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        struct rig *g = checked_rig(c, &c->setups.v[i], &how);
        struct error err;
        fell_data_info info;

        hooks_begin();
        if (g && rig_data_open(g, &info, &err) == OK) {
            look_at(g, &info, f);
            rig_data_close(g, &info);
            add_where(g, f);
        }
        checked_done(g);
    }
}
