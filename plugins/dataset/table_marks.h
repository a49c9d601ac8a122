/* table_marks.h - columns of a table that say something about its rows and are no inputs: which group each
 * is in (`group`), and how much it counts (`weights`).
 *
 * Included by csv.c and sqlite.c. What is wrong with them is a part of the one message of table_inputs.h.
 */
#ifndef DATASET_TABLE_MARKS_H
#define DATASET_TABLE_MARKS_H

#include "table_problems.h"
#include "table_rows.h"
#include "table_words.h"

struct marks {
    int64_t *group;     /* [rows], from 0 in the order in which they first come; NULL: without */
    float *weight;      /* [rows], NULL: without */
    struct words words; /* of the groups */
};

static inline void marks_release(struct marks *m)
{
    words_release(&m->words);
    free(m->group);
    free(m->weight);
}

/* Where they are gone through. */
struct marking {
    struct table *t;
    struct marks *m;
    int64_t group, weight; /* columns, -1: without */
};

/* A table_visit. What a field is was counted before. */
static inline fell_status marks_visit(void *arg, int64_t row, int64_t line, const struct field *field)
{
    struct marking *g = arg;
    double v = 0.0;

    if (g->group >= 0) {
        const struct field *f = &field[g->group];

        if (!words_add(&g->m->words, f, row, line))
            return table_no_memory(g->t);
        g->m->group[row] = *words_slot(&g->m->words, f) - 1;
    }
    if (g->weight >= 0) {
        (void)table_number(g->t, &field[g->weight], &v);
        g->m->weight[row] = (float)v;
    }
    return FELL_OK;
}

/* SETTING's column has such a field first at SPOT, COUNT in all. */
static inline void marks_say_field(const struct table *t, struct problems *p, const char *setting, int64_t j,
                                   const char *what, int64_t count, const struct table_spot *spot)
{
    char text[400], place[320];

    if (!count)
        return;
    snprintf(text, sizeof text, "%.150s%s: %s%s%.*s%s (%lld in all)", table_place(t, spot, place),
             table_label((struct table *)(uintptr_t)t, j), what, spot->f.len ? " '" : "",
             field_shown(&spot->f), spot->f.text ? spot->f.text : "", spot->f.len ? "'" : "",
             (long long)count);
    problems_add_on(p, setting, text);
}

/* What is wrong with the columns of `group` and `weights`, once all rows were counted. */
static inline void marks_say(struct table *t, struct problems *p)
{
    const struct table_column *c = t->weights ? &t->column[t->weights - 1] : NULL;
    char text[300];

    if (t->group)
        marks_say_field(t, p, "group", t->group - 1, "missing value", t->column[t->group - 1].missing,
                        &t->column[t->group - 1].first_missing);
    if (!c)
        return;
    marks_say_field(t, p, "weights", t->weights - 1, "missing value", c->missing, &c->first_missing);
    marks_say_field(t, p, "weights", t->weights - 1, "no number", c->commas, &c->first_comma);
    marks_say_field(t, p, "weights", t->weights - 1, "no number", c->texts, &c->first_text);
    marks_say_field(t, p, "weights", t->weights - 1, "too large", c->large, &c->first_large);
    if (c->numbers && (c->min < 0.0 || c->max <= 0.0)) {
        snprintf(text, sizeof text, "%s goes from %g to %g; weights are 0 or more, and some are more",
                 table_label(t, t->weights - 1), c->min, c->max);
        problems_add_on(p, "weights", text);
    }
}

/* Once the inputs are settled, and with them what marks_say() finds: fills group and weight of INFO. */
static inline fell_status marks_settle(struct marks *m, struct table *t, fell_data_info *info)
{
    struct marking g = {t, m, t->group - 1, t->weights - 1};

    if (g.group < 0 && g.weight < 0)
        return FELL_OK;
    if (table_count(t) != FELL_OK)
        return FELL_ERROR;
    m->group = g.group >= 0 ? malloc((size_t)t->rows * sizeof *m->group) : NULL;
    m->weight = g.weight >= 0 ? malloc((size_t)t->rows * sizeof *m->weight) : NULL;
    if ((g.group >= 0 && !m->group) || (g.weight >= 0 && !m->weight))
        return table_no_memory(t);
    if (table_each(t, marks_visit, &g) != FELL_OK)
        return FELL_ERROR;
    info->group = m->group;
    info->weight = m->weight;
    return FELL_OK;
}

/* ", 12 groups (patient), weights (w) from 0.5 to 2", behind what is told of the table. */
static inline void marks_tell(const struct marks *m, const struct table *t, char *text, size_t size)
{
    size_t used = strlen(text);

    if (m->group && used < size) {
        const struct field *name = &t->column[t->group - 1].name;

        used += (size_t)snprintf(text + used, size - used, "%s%lld group%s (%.*s)", used ? ", " : "",
                                 (long long)m->words.n, m->words.n == 1 ? "" : "s", field_shown(name),
                                 name->len ? name->text : "");
    }
    if (m->weight && used < size) {
        const struct table_column *c = &t->column[t->weights - 1];

        snprintf(text + used, size - used, "%sweights (%.*s) from %g to %g", used ? ", " : "",
                 field_shown(&c->name), c->name.len ? c->name.text : "", c->min, c->max);
    }
}

#endif
