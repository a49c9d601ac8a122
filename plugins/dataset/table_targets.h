/* table_targets.h - what is wrong with the target columns of a table, as a part of the one message of
 * table_inputs.h. Included by that and by targets.h; what a target is, is decided there.
 */
#ifndef DATASET_TABLE_TARGETS_H
#define DATASET_TABLE_TARGETS_H

#include "table_problems.h"

/* The column that is target I. */
static inline int64_t targets_column(const struct table *t, int64_t i)
{
    int64_t j = 0;

    while (t->column[j].role != TABLE_TARGET || t->column[j].target != i)
        j++;
    return j;
}

/* What the targets hold, and the first of each, by row and then by column: a missing value, a text (FOREIGN
 * of them numbers with the wrong decimal sign). */
struct target_kinds {
    int64_t missing, texts, foreign;
    int64_t missing_column, text_column;
    const struct table_spot *first_missing, *first_text;
};

static inline void targets_first(const struct table_spot **first, int64_t *column,
                                 const struct table_spot *spot, int64_t j, int64_t n)
{
    if (n && (!*first || spot->row < (*first)->row)) {
        *first = spot;
        *column = j;
    }
}

static inline struct target_kinds targets_look(const struct table *t)
{
    struct target_kinds k = {.missing = 0};

    for (int64_t i = 0; i < t->targets; i++) {
        const int64_t j = targets_column(t, i);
        const struct table_column *c = &t->column[j];

        k.missing += c->missing;
        k.texts += c->texts + c->commas;
        k.foreign += c->commas;
        targets_first(&k.first_missing, &k.missing_column, &c->first_missing, j, c->missing);
        targets_first(&k.first_text, &k.text_column, &c->first_text, j, c->texts);
        targets_first(&k.first_text, &k.text_column, &c->first_comma, j, c->commas);
    }
    return k;
}

/* Whether several target columns are a class for each step of a sequence, [steps] or [steps, numbers] by
 * `shape`. */
static inline bool targets_of_steps(const struct table *t, const fell_data_info *info)
{
    return info->wanted == FELL_CLASSES && t->targets > 1 && t->steps == t->targets;
}

/* Numbers that are no 32-bit floats, where values are learnt. */
static inline void targets_say_large(struct table *t, struct problems *p)
{
    char place[320];

    for (int64_t i = 0; i < t->targets; i++) {
        const int64_t j = targets_column(t, i);
        const struct table_spot *spot = &t->column[j].first_large;

        if (t->column[j].large)
            problems_add(p, "%s%s: %.*s is too large for a 32-bit float", table_place(t, spot, place),
                         table_label(t, j), field_shown(&spot->f), spot->f.text);
    }
}

/* A text where numbers are needed, a missing value, a number that is too large: each with its line. */
static inline void targets_say(struct table *t, const fell_data_info *info, struct problems *p)
{
    const bool steps = targets_of_steps(t, info);
    struct target_kinds k;
    char place[320], text[400], more[64] = "";
    struct field f;

    if (t->no_targets)
        return;
    k = targets_look(t);
    if (k.missing) {
        f = k.first_missing->f;
        if (k.missing > 1)
            snprintf(more, sizeof more, ", the first of %lld", (long long)k.missing);
        problems_add(p, "%s%s: missing value%s%.*s%s in the target%s", table_place(t, k.first_missing, place),
                     table_label(t, k.missing_column), f.len ? " ('" : "", field_shown(&f), f.text,
                     f.len ? "')" : "", more);
    }
    if (k.texts && k.foreign == k.texts) {
        f = k.first_text->f;
        problems_add(p, "%s%s: '%.*s' is not a number; decimals have a %s%s",
                     table_place(t, k.first_text, place), table_label(t, k.text_column), field_shown(&f),
                     f.text, t->decimal == '.' ? "point" : "comma",
                     t->decimal == '.' && !t->comma_divides ? ", or say decimal: \",\"" : "");
    } else if (k.texts && (info->wanted == FELL_VALUES || (t->targets > 1 && !steps))) {
        f = k.first_text->f;
        snprintf(
            text, sizeof text, "%s holds text ('%.*s' on %s %lld), but %s", table_label(t, k.text_column),
            field_shown(&f), f.text, t->row_word, (long long)k.first_text->line,
            t->targets > 1 && info->wanted == FELL_CLASSES
                ? "several targets must be numbers, or with shape: [steps, numbers] a class for each step"
            : t->targets > 1
                ? "several targets must be numbers"
                : "the loss takes numbers; classes are for cross_entropy, or yes and no as 1 and 0");
        problems_add_on(p, "target", text);
    }
    if (info->wanted != FELL_CLASSES)
        targets_say_large(t, p);
}

#endif
