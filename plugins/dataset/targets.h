/* targets.h - target columns of a table: classes or values, once all rows were seen.
 *
 * Included by the datasets whose rows come from a text or a query (csv, sqlite,
 * libsvm). A class is what was written: 042 and 42 are two, and so are two ids beyond
 * 2^53; only 1 and 1.0 are one, which is told.
 */
#ifndef DATASET_TARGETS_H
#define DATASET_TARGETS_H

#include "table.h"
#include "coarse.h"
#include "names.h"
#include "table_problems.h"
#include "table_rows.h"
#include "table_targets.h"
#include "table_words.h"

struct targets {
    struct table *t;
    bool classes;
    struct words texts; /* of classes: what is written, by bytes, each with its label */
    char **class_name;  /* [classes], one allocation */
    int64_t *column;    /* [t->targets] */
};

/* A text of a target column while classes are made. */
struct cell {
    struct field f;
    int64_t of; /* which of targets.texts */
    double number;
};

static inline void targets_release(struct targets *g)
{
    words_release(&g->texts);
    free(g->class_name);
    free(g->column);
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
static inline struct field targets_plain(struct field f, char decimal)
{
    const char *point = memchr(f.text, decimal, (size_t)f.len);
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

/* Whether a plain text is digits alone, without zeros before them: beyond 2^53 such are one number to a
 * double and yet two. */
static inline bool targets_digits(const struct field *f)
{
    const int64_t sign = f->len > 0 && *f->text == '-';

    for (int64_t i = sign; i < f->len; i++)
        if (f->text[i] < '0' || f->text[i] > '9')
            return false;
    return f->len > sign && (f->text[sign] != '0' || f->len == sign + 1);
}

/* Tell of texts that are the same number, as classes 1 and 1.0 (ONE), or 042 and 42. */
static inline void targets_tell_same(const struct table *t, const struct field *a, const struct field *b,
                                     bool one)
{
    fell_warn(t->ctx, "target: '%.*s' and '%.*s' are the same number, written in two ways: %s",
              field_shown(a), a->text, field_shown(b), b->text, one ? "one class" : "two classes");
}

/* Sorted cells [n]: whole numbers by their plain text, and the texts that are told of. */
static inline void targets_unify(struct table *t, struct cell *cell, int64_t n)
{
    struct field merged[2] = {{NULL, 0}}, parted[2] = {{NULL, 0}};

    for (int64_t i = 1; i < n; i++) {
        const struct field a = targets_plain(cell[i - 1].f, t->decimal),
                           b = targets_plain(cell[i].f, t->decimal);

        if (cell[i].number != cell[i - 1].number || !targets_by_bytes(&cell[i], &cell[i - 1]))
            continue;
        if (field_is(&a, "") || a.len != b.len || memcmp(a.text, b.text, (size_t)a.len) != 0) {
            if (!targets_digits(&a) || !targets_digits(&b)) {
                parted[0] = cell[i - 1].f;
                parted[1] = cell[i].f;
            }
        } else {
            merged[0] = cell[i - 1].f;
            merged[1] = cell[i].f;
        }
    }
    for (int64_t i = 0; i < n; i++)
        cell[i].f = targets_plain(cell[i].f, t->decimal);
    if (merged[0].text)
        targets_tell_same(t, &merged[0], &merged[1], true);
    if (parted[0].text)
        targets_tell_same(t, &parted[0], &parted[1], false);
}

/* CELL [n] sorted: number its distinct texts from 0. */
static inline fell_status targets_number_classes(struct targets *g, const struct cell *cell, int64_t n,
                                                 fell_data_info *info)
{
    int64_t classes = 0;
    size_t bytes = 0;
    char *names;

    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || targets_by_bytes(&cell[i], &cell[i - 1])) {
            classes++;
            bytes += (size_t)cell[i].f.len + 1;
        }
        g->texts.word[cell[i].of].label = (int32_t)(classes - 1);
    }
    g->class_name = malloc((size_t)classes * sizeof *g->class_name + bytes);
    if (!g->class_name)
        return table_no_memory(g->t);
    names = (char *)(g->class_name + classes);
    for (int64_t i = 0, k = 0; i < n; i++) {
        if (i > 0 && !targets_by_bytes(&cell[i], &cell[i - 1]))
            continue;
        g->class_name[k++] = names;
        memcpy(names, cell[i].f.text, (size_t)cell[i].f.len);
        names[cell[i].f.len] = '\0';
        names += cell[i].f.len + 1;
    }
    g->classes = true;
    info->is = FELL_CLASSES;
    info->nclasses = classes;
    info->class_names = (const char *const *)g->class_name;
    info->target = fell_vec(g->t->targets);
    return FELL_OK;
}

/* Classes that are texts: one that may stand for nothing is an error that asks, two that are nearly one
 * are told of. Which of several columns has it is not known here. */
static inline fell_status targets_doubt(const struct targets *g, const fell_data_info *info)
{
    struct table *t = g->t;

    for (int64_t k = 0; k < info->nclasses; k++)
        if (name_may_be_missing(&t->missing, info->class_names[k], info->class_names, info->nclasses)) {
            const struct word *w = g->texts.word;

            while (w->label != k)
                w++;
            return fell_fail(
                t->ctx,
                "%s%lld: %s: is '%.60s' a class, or does it stand for nothing? Then leave such rows "
                "out; if it is a class, say which words stand for nothing: missing: ['', NA]",
                t->place, (long long)w->line, t->targets > 1 ? "target" : table_label(t, g->column[0]),
                info->class_names[k]);
        }
    names_doubt(t->ctx, "target", "classes", info->class_names, info->nclasses);
    return FELL_OK;
}

/* A table_visit: the text of each target. */
static inline fell_status targets_see_text(void *arg, int64_t row, int64_t line, const struct field *field)
{
    struct targets *g = arg;

    for (int64_t i = 0; i < g->t->targets; i++)
        if (!words_add(&g->texts, &field[g->column[i]], row, line))
            return table_no_memory(g->t);
    return FELL_OK;
}

/* The texts of CELL [n] that are true, false, yes or no in several spellings become one, or the source's. */
static inline void targets_take_switches(struct targets *g, struct cell *cell, int64_t n,
                                         const fell_data_info *source)
{
    const bool switches = words_are_switches(&g->texts);
    const char *of_source = NULL;
    struct field respelled = {NULL, 0};

    if (switches)
        words_tell_switches(g->t->ctx, "target", &g->texts);
    for (int64_t i = 0; i < n; i++) {
        struct field *f = &cell[i].f;
        const int64_t at =
            source && source->class_names
                ? words_switch((char *const *)(uintptr_t)source->class_names, source->nclasses, f)
                : -1;

        if (at >= 0 && !field_is(f, source->class_names[at])) {
            respelled = *f;
            of_source = source->class_names[at];
            f->text = (char *)(uintptr_t)of_source; /* which is as long */
        } else if (at < 0 && switches) {
            f->text = (char *)(uintptr_t)field_switch(f);
        }
    }
    if (of_source && !switches)
        fell_warn(g->t->ctx, "target: '%.*s' is taken as '%s' of the source", field_shown(&respelled),
                  respelled.text, of_source);
}

/* Once INPUTS are settled, or refused: then what is told of classes that are texts is told now, so that all
 * can be mended at once. INPUTS again. */
static inline fell_status targets_beside(struct targets *g, const fell_data_info *info, fell_status inputs)
{
    struct table *t = g->t;
    const char **text;

    if (inputs == FELL_OK || !t->counted || t->no_targets || t->targets != 1 ||
        info->wanted != FELL_CLASSES || targets_look(t).texts == 0)
        return inputs;
    g->column = malloc(sizeof *g->column);
    if (!g->column)
        return inputs;
    g->column[0] = targets_column(t, 0);
    if (table_each(t, targets_see_text, g) != FELL_OK)
        return inputs;
    text = malloc(((size_t)g->texts.n + 1) * sizeof *text);
    for (int64_t i = 0; text && i < g->texts.n; i++)
        text[i] = g->texts.word[i].f.text;
    if (text && !words_are_switches(&g->texts))
        names_doubt(t->ctx, "target", "classes", text, g->texts.n);
    free(text);
    return inputs;
}

/* Sorted as numbers when all are, else by bytes. */
static inline fell_status targets_make_classes(struct targets *g, bool numeric, fell_data_info *info)
{
    struct table *t = g->t;
    struct cell *cell;
    fell_status result;
    int64_t n;

    if (table_each(t, targets_see_text, g) != FELL_OK)
        return FELL_ERROR;
    n = g->texts.n;
    cell = malloc((size_t)n * sizeof *cell);
    if (!cell)
        return table_no_memory(t);
    for (int64_t i = 0; i < n; i++) {
        cell[i] = (struct cell){.f = g->texts.word[i].f, .of = i};
        (void)table_number(t, &cell[i].f, &cell[i].number);
    }
    targets_take_switches(g, cell, n, info->source);
    qsort(cell, (size_t)n, sizeof *cell, numeric ? targets_by_number : targets_by_bytes);
    if (numeric) {
        targets_unify(t, cell, n);
        qsort(cell, (size_t)n, sizeof *cell, targets_by_number);
    }
    result = targets_number_classes(g, cell, n, info);
    free(cell);
    words_sort(&g->texts);
    return result == FELL_OK && !numeric ? targets_doubt(g, info) : result;
}

/* ---- values -------------------------------------------------------------------------- */

static inline void targets_tell_coarse(struct table *t, int64_t j)
{
    char whose[200];

    snprintf(whose, sizeof whose, "target: the numbers of %s", table_label(t, j));
    coarse_tell(t->ctx, whose, t->column[j].min, t->column[j].max, t->column[j].rounds);
}

/* Every field is a number. */
static inline fell_status targets_make_values(const struct targets *g, fell_data_info *info)
{
    struct table *t = g->t;

    for (int64_t i = 0; i < t->targets; i++)
        targets_tell_coarse(t, g->column[i]);
    info->is = FELL_VALUES;
    info->target = fell_vec(t->targets);
    return FELL_OK;
}

/* ---- which ----------------------------------------------------------------------------- */

/* Several columns of targets while it is found out what they are. */
struct target_columns {
    const struct targets *g;
    bool one_hot, yes_no;
};

/* A table_visit. */
static inline fell_status targets_see_columns(void *arg, int64_t row, int64_t line, const struct field *field)
{
    struct target_columns *look = arg;
    int64_t ones = 0;

    (void)row;
    (void)line;
    for (int64_t i = 0; i < look->g->t->targets; i++) {
        double v = 0.0;

        (void)table_number(look->g->t, &field[look->g->column[i]], &v);
        ones += v == 1.0;
        look->yes_no &= v == 1.0 || v == 0.0;
        look->one_hot &= v == 1.0 || v == 0.0 || v == -1.0;
    }
    look->one_hot &= ones == 1;
    return FELL_OK;
}

/* Several columns where the loss takes one of classes: what they are, if that can be seen. */
static inline fell_status targets_refuse_columns(const struct targets *g)
{
    struct table *t = g->t;
    struct target_columns look = {.g = g, .one_hot = true, .yes_no = true};
    char steps[120];

    if (table_each(t, targets_see_columns, &look) != FELL_OK)
        return FELL_ERROR;
    snprintf(steps, sizeof steps, ", and a class for each step needs shape: [%lld, numbers] or [%lld]",
             (long long)t->targets, (long long)t->targets);
    return fell_fail(t->ctx, "target: %lld columns are %s, but the loss takes classes, in one column%s%s",
                     (long long)t->targets,
                     look.one_hot  ? "one-hot, a single 1 in each row"
                     : look.yes_no ? "questions of yes and no"
                                   : "values",
                     look.one_hot  ? " that names each row's class, as df[columns].idxmax(axis=1) does"
                     : look.yes_no ? "; bce_with_logits takes questions"
                                   : "",
                     look.one_hot ? "" : steps);
}

/* Values where all are numbers and the loss does not take classes; else classes, which are one column, or of
 * a sequence one for each step, all of them with the same classes. A text where numbers are needed, or a
 * missing value, is an error at its line. Fills is, nclasses, class_names and target of INFO. */
static inline fell_status targets_settle(struct targets *g, fell_data_info *info)
{
    struct table *t = g->t;
    struct problems p = {.n = 0};

    if (t->no_targets) {
        info->is = FELL_VALUES;
        info->target = fell_vec(1);
        return FELL_OK;
    }
    g->column = malloc((size_t)t->targets * sizeof *g->column);
    if (!g->column)
        return table_no_memory(t);
    for (int64_t i = 0; i < t->targets; i++)
        g->column[i] = targets_column(t, i);
    if (table_count(t) != FELL_OK)
        return FELL_ERROR;
    targets_say(t, info, &p);
    if (problems_end(&p, t) != FELL_OK)
        return FELL_ERROR;
    if (info->wanted == FELL_CLASSES && t->targets > 1 && !targets_of_steps(t, info))
        return targets_refuse_columns(g);
    if (info->wanted == FELL_CLASSES)
        return targets_make_classes(g, targets_look(t).texts == 0, info);
    return targets_make_values(g, info);
}

/* A row's FIELDS as row I of a read call. False: one is no target, in a file that was changed. */
static inline bool targets_read(const struct targets *g, const fell_read_call *c, int64_t i,
                                const struct field *field)
{
    const int64_t n = g->t->targets;

    if (g->t->no_targets)
        return true;
    for (int64_t k = 0; g->classes && k < n; k++) {
        const struct word *w = words_find(&g->texts, &field[g->column[k]]);

        if (!w)
            return false;
        if (c->label)
            c->label[i * n + k] = w->label;
    }
    if (g->classes)
        return true;
    for (int64_t k = 0; k < n; k++) {
        double v;

        if (!table_number(g->t, &field[g->column[k]], &v))
            return false;
        if (c->target)
            c->target[i * n + k] = (float)v;
    }
    return true;
}

#endif
