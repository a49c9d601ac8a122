/* targets.h - target columns of a table: classes or values, once all rows are in.
 *
 * Included by the datasets whose rows come from a text or a query (csv, sqlite,
 * libsvm). A class is what was written: 042 and 42 are two, and so are two ids beyond
 * 2^53; only 1 and 1.0 are one, which is told.
 */
#ifndef DATASET_TARGETS_H
#define DATASET_TARGETS_H

#include "table.h"
#include "table_doubts.h"

struct targets {
    struct table *t;
    float *value;      /* [rows, t->targets], of values */
    int32_t *label;    /* [rows], of classes */
    char **class_name; /* [classes], one allocation */
};

/* One field of a target column while classes are made. */
struct cell {
    struct field f;
    int64_t row;
    double number;
};

static inline void targets_release(struct targets *g)
{
    free(g->value);
    free(g->label);
    free(g->class_name);
}

/* The column that is target I. */
static inline int64_t targets_column(const struct table *t, int64_t i)
{
    int64_t j = 0;

    while (t->column[j].role != TABLE_TARGET || t->column[j].target != i)
        j++;
    return j;
}

/* ---- classes ------------------------------------------------------------------------- */

static inline int targets_by_bytes(const void *a, const void *b)
{
    const struct field *p = &((const struct cell *)a)->f, *q = &((const struct cell *)b)->f;
    const int order = memcmp(p->text, q->text, (size_t)(p->len < q->len ? p->len : q->len));

    return order ? order : (p->len > q->len) - (p->len < q->len);
}

static inline int targets_by_number(const void *a, const void *b)
{
    const struct cell *p = a, *q = b;

    return p->number == q->number ? targets_by_bytes(a, b)
                                  : (p->number > q->number) - (p->number < q->number);
}

/* A whole number as it is written shortest: without a plus, and without a fraction of zeros. What has
 * leading zeros stays as it is. */
static inline struct field targets_plain(struct field f)
{
    const char *point = memchr(f.text, '.', (size_t)f.len);
    struct field whole = f;

    if (point)
        for (whole.len = point - f.text; point < f.text + f.len - 1 && point[1] == '0'; point++)
            continue;
    if (point && point != f.text + f.len - 1)
        return f;
    if (whole.len > 1 && *whole.text == '+') {
        whole.text++;
        whole.len--;
    }
    for (int64_t i = *whole.text == '-'; i < whole.len; i++)
        if (whole.text[i] < '0' || whole.text[i] > '9')
            return f;
    if (whole.len == 0 || (whole.len > 1 && *whole.text == '0'))
        return f;
    return field_is(&whole, "-0") ? (struct field){whole.text + 1, 1} : whole;
}

/* Tell of texts that are the same number, as classes 1 and 1.0 (ONE), or 042 and 42. */
static inline void targets_tell_same(const struct table *t, const struct field *a, const struct field *b,
                                     bool one)
{
    fell_warn(t->ctx, "target: '%.*s' and '%.*s' are the same number, written in two ways: %s",
              field_shown(a), a->text, field_shown(b), b->text, one ? "one class" : "two classes");
}

/* Sorted cells [rows]: whole numbers by their plain text, and the texts that are told of. */
static inline void targets_unify(struct table *t, struct cell *cell)
{
    struct field merged[2] = {{NULL, 0}}, parted[2] = {{NULL, 0}};

    for (int64_t i = 1; i < t->rows; i++) {
        const struct field a = targets_plain(cell[i - 1].f), b = targets_plain(cell[i].f);

        if (cell[i].number != cell[i - 1].number || !targets_by_bytes(&cell[i], &cell[i - 1]))
            continue;
        if (field_is(&a, "") || a.len != b.len || memcmp(a.text, b.text, (size_t)a.len) != 0) {
            if (!scan_is_code(&cell[i].f) || !scan_is_code(&cell[i - 1].f)) {
                parted[0] = cell[i - 1].f;
                parted[1] = cell[i].f;
            }
        } else {
            merged[0] = cell[i - 1].f;
            merged[1] = cell[i].f;
        }
    }
    for (int64_t i = 0; i < t->rows; i++)
        cell[i].f = targets_plain(cell[i].f);
    if (merged[0].text)
        targets_tell_same(t, &merged[0], &merged[1], true);
    if (parted[0].text)
        targets_tell_same(t, &parted[0], &parted[1], false);
}

/* CELL [rows] sorted: number its distinct texts from 0. */
static inline fell_status targets_number_classes(struct targets *g, const struct cell *cell,
                                                 fell_data_info *info)
{
    const int64_t rows = g->t->rows;
    int64_t classes = 0;
    size_t bytes = 0;
    char *names;

    for (int64_t i = 0; i < rows; i++) {
        if (i == 0 || targets_by_bytes(&cell[i], &cell[i - 1])) {
            classes++;
            bytes += (size_t)cell[i].f.len + 1;
        }
        g->label[cell[i].row] = (int32_t)(classes - 1);
    }
    g->class_name = malloc((size_t)classes * sizeof *g->class_name + bytes);
    if (!g->class_name)
        return table_no_memory(g->t);
    names = (char *)(g->class_name + classes);
    for (int64_t i = 0, k = 0; i < rows; i++) {
        if (i > 0 && !targets_by_bytes(&cell[i], &cell[i - 1]))
            continue;
        g->class_name[k++] = names;
        memcpy(names, cell[i].f.text, (size_t)cell[i].f.len);
        names[cell[i].f.len] = '\0';
        names += cell[i].f.len + 1;
    }
    info->is = FELL_CLASSES;
    info->nclasses = classes;
    info->class_names = (const char *const *)g->class_name;
    info->target = fell_vec(1);
    return FELL_OK;
}

/* Classes that are texts: one that may stand for nothing is an error that asks, two that are nearly one
 * are told of. */
static inline fell_status targets_doubt(const struct targets *g, int64_t j, const fell_data_info *info)
{
    struct table *t = g->t;

    for (int64_t k = 0; k < info->nclasses; k++)
        if (words_mean_missing(t, info->class_names[k], info->class_names, info->nclasses)) {
            int64_t row = 0;

            while (g->label[row] != k)
                row++;
            return fell_fail(
                t->ctx,
                "%s%lld: %s: is '%.60s' a class, or does it stand for nothing? Then leave such rows "
                "out; if it is a class, say which words stand for nothing: missing: ['', NA]",
                t->place, table_line(t, row), table_label(t, j), info->class_names[k]);
        }
    words_doubt(t, "target", "classes", info->class_names, info->nclasses);
    return FELL_OK;
}

/* Sorted as numbers when all are, else by bytes. */
static inline fell_status targets_make_classes(struct targets *g, bool numeric, fell_data_info *info)
{
    struct table *t = g->t;
    const int64_t j = targets_column(t, 0);
    struct cell *cell = malloc((size_t)t->rows * sizeof *cell);
    fell_status result;

    g->label = malloc((size_t)t->rows * sizeof *g->label);
    if (!cell || !g->label) {
        free(cell);
        return table_no_memory(t);
    }
    for (int64_t row = 0; row < t->rows; row++) {
        cell[row] = (struct cell){.f = table_field(t, row, j), .row = row};
        (void)table_number(t, &cell[row].f, &cell[row].number);
    }
    qsort(cell, (size_t)t->rows, sizeof *cell, numeric ? targets_by_number : targets_by_bytes);
    if (numeric) {
        targets_unify(t, cell);
        qsort(cell, (size_t)t->rows, sizeof *cell, targets_by_number);
    }
    result = targets_number_classes(g, cell, info);
    free(cell);
    return result == FELL_OK && !numeric ? targets_doubt(g, j, info) : result;
}

/* ---- values -------------------------------------------------------------------------- */

/* Every field is a number: into value[rows, targets]. */
static inline fell_status targets_make_values(struct targets *g, fell_data_info *info)
{
    struct table *t = g->t;

    g->value = malloc((size_t)(t->rows * t->targets) * sizeof *g->value);
    if (!g->value)
        return table_no_memory(t);
    for (int64_t i = 0; i < t->targets; i++) {
        const int64_t j = targets_column(t, i);

        for (int64_t row = 0; row < t->rows; row++) {
            const struct field f = table_field(t, row, j);
            double v = 0.0;

            (void)table_number(t, &f, &v);
            if (!isfinite((float)v))
                return fell_fail(t->ctx, "%s%lld: %s: %.*s is too large for a 32-bit float", t->place,
                                 table_line(t, row), table_label(t, j), field_shown(&f), f.text);
            g->value[row * t->targets + i] = (float)v;
        }
    }
    info->is = FELL_VALUES;
    info->target = fell_vec(t->targets);
    return FELL_OK;
}

/* ---- which ----------------------------------------------------------------------------- */

/* What the targets hold, at first: a missing value, a text, a number with the wrong decimal sign. */
struct target_kinds {
    int64_t missing, missing_row, missing_column, texts, text_row, text_column, foreign;
};

static inline struct target_kinds targets_look(const struct table *t)
{
    struct target_kinds k = {.missing = 0};

    for (int64_t row = 0; row < t->rows; row++)
        for (int64_t i = 0; i < t->targets; i++) {
            const int64_t j = targets_column(t, i);
            const struct field f = table_field(t, row, j);
            double v;

            if (table_missing(t, &f)) {
                if (!k.missing++) {
                    k.missing_row = row;
                    k.missing_column = j;
                }
            } else if (!table_number(t, &f, &v)) {
                k.foreign += field_is_foreign(t, &f);
                if (!k.texts++) {
                    k.text_row = row;
                    k.text_column = j;
                }
            }
        }
    return k;
}

/* Several columns where the loss takes one of classes: what they are, if that can be seen. */
static inline fell_status targets_refuse_columns(struct table *t)
{
    bool one_hot = true, yes_no = true;

    for (int64_t row = 0; row < t->rows; row++) {
        int64_t ones = 0;

        for (int64_t i = 0; i < t->targets; i++) {
            const struct field f = table_field(t, row, targets_column(t, i));
            double v = 0.0;

            (void)table_number(t, &f, &v);
            ones += v == 1.0;
            yes_no &= v == 1.0 || v == 0.0;
            one_hot &= v == 1.0 || v == 0.0 || v == -1.0;
        }
        one_hot &= ones == 1;
    }
    return fell_fail(t->ctx, "target: %lld columns are %s, but the loss takes classes, in one column%s",
                     (long long)t->targets,
                     one_hot  ? "one-hot, a single 1 in each row"
                     : yes_no ? "questions of yes and no"
                              : "values",
                     one_hot  ? " that names each row's class, as df[columns].idxmax(axis=1) does"
                     : yes_no ? "; bce_with_logits takes questions"
                              : "");
}

/* Values where all are numbers and the loss does not take classes; else classes,
 * which are one column. A text where numbers are needed, or a missing value, is
 * an error at its line. Fills is, nclasses, class_names and target of INFO. */
static inline fell_status targets_settle(struct targets *g, fell_data_info *info)
{
    struct table *t = g->t;
    const struct target_kinds k = targets_look(t);
    struct field f;

    if (k.missing) {
        char more[64] = "";

        f = table_field(t, k.missing_row, k.missing_column);
        if (k.missing > 1)
            snprintf(more, sizeof more, ", the first of %lld", (long long)k.missing);
        return fell_fail(t->ctx, "%s%lld: %s: missing value%s%.*s%s in the target%s", t->place,
                         table_line(t, k.missing_row), table_label(t, k.missing_column), f.len ? " ('" : "",
                         field_shown(&f), f.text, f.len ? "')" : "", more);
    }
    if (k.texts && k.foreign == k.texts) {
        f = table_field(t, k.text_row, k.text_column);
        return fell_fail(t->ctx, "%s%lld: %s: '%.*s' is not a number; decimals have a %s%s", t->place,
                         table_line(t, k.text_row), table_label(t, k.text_column), field_shown(&f), f.text,
                         t->decimal == '.' ? "point" : "comma",
                         t->decimal == '.' ? ", or say decimal: \",\"" : "");
    }
    if (k.texts && (info->wanted == FELL_VALUES || t->targets > 1)) {
        f = table_field(t, k.text_row, k.text_column);
        return fell_fail(t->ctx, "target: %s holds text ('%.*s' on %s %lld), but %s",
                         table_label(t, k.text_column), field_shown(&f), f.text, t->row_word,
                         table_line(t, k.text_row),
                         t->targets > 1 ? "several targets must be numbers" : "the loss takes numbers");
    }
    if (info->wanted == FELL_CLASSES && t->targets > 1)
        return targets_refuse_columns(t);
    if (info->wanted == FELL_CLASSES)
        return targets_make_classes(g, k.texts == 0, info);
    return targets_make_values(g, info);
}

/* Row ROW as row I of a read call. */
static inline void targets_read(const struct targets *g, fell_read_call *c, int64_t i, int64_t row)
{
    const int64_t n = g->t->targets;

    if (c->target)
        memcpy(c->target + i * n, g->value + row * n, (size_t)n * sizeof *c->target);
    if (c->label)
        c->label[i] = g->label[row];
}

#endif
