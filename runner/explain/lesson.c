/* lesson.c - see lesson.h. The order of the work; each part has a file of its own. */
#include "explain/lesson.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/net_at.h"
#include "explain/names.h"
#include "explain/formula.h"
#include "explain/lab.h"

/* Which split holds row ROW of the source, and where. */
static status find_row(struct lesson *l, int64_t row, struct error *err)
{
    if (row < 0 || row >= l->data->source_rows)
        return error_set(err, "--sample: there is no row %lld; the data has rows 0 to %lld", (long long)row,
                         (long long)l->data->source_rows - 1);
    l->row = row;
    for (int s = SPLIT_TRAIN; s <= SPLIT_VALIDATION; s++) {
        const struct rows *rows = &l->data->split[s];

        for (int64_t i = 0; i < rows->n; i++)
            if ((rows->source_row ? rows->source_row[i] : s == SPLIT_TRAIN ? i : -1) == row) {
                l->split = (enum split)s;
                l->split_row = i;
                if (rows->label && rows->label[rows_at(rows, i, l->data->target_size)] < 0)
                    return error_set(err, "row %lld has no class: name another one with --sample",
                                     (long long)row);
                return OK;
            }
    }
    return error_set(err, "row %lld is in no split: data.rows leaves it out", (long long)row);
}

/* The first row that is in some split. */
static int64_t first_row(const struct data *d)
{
    const struct rows *train = &d->split[SPLIT_TRAIN], *held = &d->split[SPLIT_VALIDATION];
    const int64_t first = train->source_row ? train->source_row[0] : 0;

    return held->source_row && held->source_row[0] < first ? held->source_row[0] : first;
}

/* The first row whose gradient by the chosen weight is not 0: a row that does not move it (its
 * input is 0, its neuron is off) shows little. Without one, the first. */
static status choose_row(struct lab *p, struct error *err)
{
    enum { LOOKED_AT = 1000 };
    struct lesson *l = p->l;
    const struct net_tensor *t = &p->tensor[l->weight.tensor];
    const int64_t first = first_row(l->data);
    struct net_step step;

    for (int64_t row = first; row < l->data->source_rows && row < first + LOOKED_AT; row++) {
        if (find_row(l, row, err) != OK)
            continue; /* it is left out */
        lab_take_sample(p);
        if (net_step(p->net, MODE_LOOK, &p->one, l->step + 1, &step, err) != OK)
            return FAILED;
        if (p->grads[t->offset + l->weight.flat] != 0.0f)
            return OK;
    }
    if (find_row(l, first, err) != OK)
        return FAILED;
    lab_take_sample(p);
    return OK;
}

static void copy_sample(struct lesson *l)
{
    const struct rows *rows = &l->data->split[l->split];
    const int64_t n = l->data->x_size, targets = l->data->target_size, from = rows_at(rows, l->split_row, n),
                  at = rows_at(rows, l->split_row, targets);
    double *x = arena_alloc(l->arena, (size_t)n * sizeof *x), *target;

    for (int64_t i = 0; i < n; i++)
        x[i] = (double)rows->x[from + i];
    l->x = x;
    if (rows->label) {
        l->label = rows->label + at;
        return;
    }
    target = arena_alloc(l->arena, (size_t)targets * sizeof *target);
    for (int64_t i = 0; i < targets; i++)
        target[i] = (double)rows->target[at + i];
    l->target = target;
}

/* The moment that the lesson is about: at first, after training, or from a file. */
static status come_to_the_moment(struct lab *p, const struct lesson_request *q, struct error *err)
{
    if (lesson_train(p, err) != OK)
        return FAILED;
    if (q->checkpoint) {
        p->l->run = q->run;
        p->l->checkpoint = q->checkpoint;
        return lab_load(p, q->checkpoint, err);
    }
    if (q->epoch > 0)
        snapshot_apply(&p->now, &p->learner);
    return OK;
}

static status look(struct lab *p, const struct lesson_request *q, struct error *err)
{
    struct lesson *l = p->l;

    if (lesson_find_weight(p, q->weight, &l->weight, err) != OK || come_to_the_moment(p, q, err) != OK)
        return FAILED;
    if (q->sample < 0 && choose_row(p, err) != OK)
        return FAILED;
    copy_sample(l);
    if (lesson_run(p, err) != OK)
        return FAILED;
    l->weight.value = l->tensor[l->weight.tensor].w[l->weight.flat];
    l->weight.gradient = l->tensor[l->weight.tensor].g[l->weight.flat];
    lesson_compare_modes(p);
    if (lesson_paths(p, err) != OK || lesson_differences(p, err) != OK || lesson_take_step(p, err) != OK ||
        lesson_draw_landscape(p, err) != OK)
        return FAILED;
    return lesson_draw_contour(p, err);
}

status lesson_new(const struct lesson_request *q, struct lesson **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct lesson *l = arena_alloc(arena, sizeof *l);
    struct lab p = {0};
    status st;

    *l = (struct lesson){.arena = arena, .spec = q->spec, .data = q->shown, .seed = q->seed};
    if (q->data->nlate)
        l->augments = q->spec->data.transforms[q->data->late[0].index].item->name;
    if (q->about)
        l->about = words_on_one_line(arena, q->about);
    *out = NULL;
    st = find_row(l, q->sample < 0 ? first_row(l->data) : q->sample, err);
    if (st == OK) {
        l->input_name = names_of_inputs(arena, q->spec, q->shown);
        st = lab_open(&p, l, q, err);
    }
    if (st == OK)
        st = look(&p, q, err);
    lab_close(&p);
    net_at(NULL, NULL);
    if (st == OK)
        *out = l;
    else
        arena_free(arena);
    return st;
}

void lesson_free(struct lesson *l)
{
    if (l)
        arena_free(l->arena);
}
