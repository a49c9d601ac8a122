/* targets.h - target columns of a table: kept as text until it is known what they
 * are, then classes or values.
 *
 * Included by the datasets whose rows come from a text or a query (csv, sqlite,
 * libsvm). Knows nothing of files: a row's place is told by a prefix and a number,
 * "path: iris.csv:" and a line.
 */
#ifndef DATASET_TARGETS_H
#define DATASET_TARGETS_H

#include "csv_columns.h"
#include "csv_scan.h"
#include "fell/plugin.h"

/* One field of a target column. */
struct cell {
    struct field f; /* the caller's text, needed until targets_settle() */
    int64_t row, line;
    double number;
};

struct targets {
    fell_ctx *ctx;
    const char *place; /* what stands before a row's number in messages */
    struct columns *columns;
    int64_t rows, room;
    struct cell *cell; /* [rows, columns->targets], gone once settled */
    float *value;      /* [rows, columns->targets], of values */
    int32_t *label;    /* [rows], of classes */
    char **class_name; /* [classes], one allocation */
};

static inline void targets_release(struct targets *t)
{
    free(t->cell);
    free(t->value);
    free(t->label);
    free(t->class_name);
}

static inline fell_status targets_no_memory(const struct targets *t)
{
    return fell_fail(t->ctx, "%.*s there is not enough memory", (int)strcspn(t->place, " "), t->place);
}

/* Room for one more row; its cells, to be filled, or NULL when memory is out. */
static inline struct cell *targets_add_row(struct targets *t)
{
    if (t->rows == t->room) {
        const int64_t room = t->room ? 2 * t->room : 1024;
        struct cell *cell = realloc(t->cell, (size_t)(room * t->columns->targets) * sizeof *cell);

        if (!cell)
            return NULL;
        t->cell = cell;
        t->room = room;
    }
    return t->cell + t->rows++ * t->columns->targets;
}

/* ---- numbers ------------------------------------------------------------------- */

static inline int targets_shown(const struct field *f)
{
    return (int)(f->len < 60 ? f->len : 60);
}

/* Why a field of column J that should be a number is none. */
static inline fell_status targets_not_a_number(struct targets *t, const struct field *f, int64_t line,
                                               int64_t j, bool first_row)
{
    const char *column = columns_label(t->columns, j);

    if (f->len == 0)
        return fell_fail(t->ctx, "%s%lld: %s: missing value", t->place, (long long)line, column);
    if (scan_missing(f))
        return fell_fail(t->ctx, "%s%lld: %s: missing value ('%.*s')", t->place, (long long)line, column,
                         targets_shown(f), f->text);
    if (first_row)
        return fell_fail(t->ctx,
                         "%s%lld: %s holds text ('%.*s'); inputs are numbers, only a target may be text",
                         t->place, (long long)line, column, targets_shown(f), f->text);
    return fell_fail(t->ctx, "%s%lld: %s: '%.*s' is not a number%s", t->place, (long long)line, column,
                     targets_shown(f), f->text,
                     memchr(f->text, ',', (size_t)f->len) ? "; decimals have a point" : "");
}

/* The field of column J as a number that a float can hold. */
static inline fell_status targets_number(struct targets *t, const struct field *f, int64_t line, int64_t j,
                                         bool first_row, double *value)
{
    if (!scan_number(f, value))
        return targets_not_a_number(t, f, line, j, first_row);
    if (!isfinite((float)*value))
        return fell_fail(t->ctx, "%s%lld: %s: %.*s is too large for a 32-bit float", t->place,
                         (long long)line, columns_label(t->columns, j), targets_shown(f), f->text);
    return FELL_OK;
}

/* ---- classes and values ---------------------------------------------------------- */

static inline int targets_by_number(const void *a, const void *b)
{
    const struct cell *p = a, *q = b;

    return (p->number > q->number) - (p->number < q->number);
}

static inline int targets_by_bytes(const void *a, const void *b)
{
    const struct field *p = &((const struct cell *)a)->f, *q = &((const struct cell *)b)->f;
    const int order = memcmp(p->text, q->text, (size_t)(p->len < q->len ? p->len : q->len));

    return order ? order : (p->len > q->len) - (p->len < q->len);
}

/* The shortest text that reads as the same number. */
static inline void targets_number_text(double v, char text[32])
{
    if (v == floor(v) && fabs(v) < 1e15) {
        snprintf(text, 32, "%.0f", v == 0.0 ? 0.0 : v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            return;
    }
}

/* Sort the one target column's cells, number their distinct contents from 0. */
static inline fell_status targets_make_classes(struct targets *t, bool numeric, fell_data_info *info)
{
    int (*const order)(const void *, const void *) = numeric ? targets_by_number : targets_by_bytes;
    size_t bytes = 0;
    int64_t classes = 0;
    char *names;

    qsort(t->cell, (size_t)t->rows, sizeof *t->cell, order);
    t->label = malloc((size_t)t->rows * sizeof *t->label);
    if (!t->label)
        return targets_no_memory(t);
    for (int64_t i = 0; i < t->rows; i++) {
        if (i == 0 || order(&t->cell[i], &t->cell[i - 1])) {
            classes++;
            bytes += numeric ? 32 : (size_t)t->cell[i].f.len + 1;
        }
        t->label[t->cell[i].row] = (int32_t)(classes - 1);
    }

    t->class_name = malloc((size_t)classes * sizeof *t->class_name + bytes);
    if (!t->class_name)
        return targets_no_memory(t);
    names = (char *)(t->class_name + classes);
    for (int64_t i = 0, k = 0; i < t->rows; i++) {
        const struct cell *c = &t->cell[i];
        struct field name = c->f;
        char text[32];

        if (i > 0 && !order(c, c - 1))
            continue;
        if (numeric) {
            targets_number_text(c->number, text);
            name = (struct field){text, (int64_t)strlen(text)};
        }
        t->class_name[k++] = names;
        memcpy(names, name.text, (size_t)name.len);
        names[name.len] = '\0';
        names += name.len + 1;
    }
    info->is = FELL_CLASSES;
    info->nclasses = classes;
    info->class_names = (const char *const *)t->class_name;
    info->target = fell_vec(1);
    return FELL_OK;
}

/* Every cell is a number: into value[rows, targets]. */
static inline fell_status targets_make_values(struct targets *t, fell_data_info *info)
{
    const int64_t n = t->rows * t->columns->targets;

    t->value = malloc((size_t)n * sizeof *t->value);
    if (!t->value)
        return targets_no_memory(t);
    for (int64_t i = 0; i < n; i++)
        t->value[i] = (float)t->cell[i].number;
    info->is = FELL_VALUES;
    info->target = fell_vec(t->columns->targets);
    return FELL_OK;
}

/* The column of cell I. */
static inline int64_t targets_column(const struct targets *t, int64_t i)
{
    int64_t j = 0;

    while (t->columns->target[j] != i % t->columns->targets)
        j++;
    return j;
}

/* Values where all are numbers and the loss does not take classes; else classes,
 * which are one column. A text where numbers are needed, or a missing value, is
 * an error at its line. */
static inline fell_status targets_classify(struct targets *t, fell_data_info *info)
{
    const int64_t targets = t->columns->targets, n = t->rows * targets;
    const struct cell *text = NULL, *missing = NULL;

    for (int64_t i = 0; i < n; i++) {
        struct cell *c = &t->cell[i];

        if (scan_number(&c->f, &c->number))
            continue;
        if (c->f.len == 0 || scan_missing(&c->f))
            missing = missing ? missing : c;
        else
            text = text ? text : c;
    }
    /* "NA" may be the name of a class among names; among numbers it is a gap. */
    if (missing && (missing->f.len == 0 || !text))
        return targets_not_a_number(t, &missing->f, missing->line, targets_column(t, missing - t->cell),
                                    false);
    if (text && (info->wanted == FELL_VALUES || targets > 1))
        return fell_fail(t->ctx, "target: %s holds text ('%.*s' on %s %lld), but %s",
                         columns_label(t->columns, targets_column(t, text - t->cell)),
                         targets_shown(&text->f), text->f.text, t->columns->row_word, (long long)text->line,
                         targets > 1 ? "several targets must be numbers" : "the loss takes numbers");
    if (info->wanted == FELL_CLASSES && targets > 1)
        return fell_fail(t->ctx, "target: %lld columns are values, but the loss takes classes, in one column",
                         (long long)targets);
    if (text || info->wanted == FELL_CLASSES)
        return targets_make_classes(t, !text, info);
    for (int64_t i = 0; i < n; i++) {
        const struct cell *c = &t->cell[i];
        double value;

        if (targets_number(t, &c->f, c->line, targets_column(t, i), false, &value) != FELL_OK)
            return FELL_ERROR;
    }
    return targets_make_values(t, info);
}

/* Once all rows are in: fills is, nclasses, class_names and target of INFO. */
static inline fell_status targets_settle(struct targets *t, fell_data_info *info)
{
    const fell_status result = targets_classify(t, info);

    free(t->cell);
    t->cell = NULL;
    return result;
}

/* Row ROW as row I of a read call. */
static inline void targets_read(const struct targets *t, fell_read_call *c, int64_t i, int64_t row)
{
    const int64_t n = t->columns->targets;

    if (c->target)
        memcpy(c->target + i * n, t->value + row * n, (size_t)n * sizeof *c->target);
    if (c->label)
        c->label[i] = t->label[row];
}

#endif
