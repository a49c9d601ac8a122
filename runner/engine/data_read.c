/* data_read.c - one dataset plugin: opened, checked, held against the source, closed. See data_parts.h.
 *
 * Nothing that a plugin says is taken on trust: sizes and class counts are looked at here, every number in
 * data_rows.c, once, so that the loops need not.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data_parts.h"
#include "engine/net_at.h"

#define LARGEST      ((int64_t)1 << 40) /* numbers in a row, rows in a set */
#define MOST_CLASSES ((int64_t)1 << 24) /* a class number must be exact as a float */

static const struct {
    const char *section, *word;
} roles[DATASET_ROLES] = {
    [SPLIT_TRAIN] = {"data.source", "source"},
    [SPLIT_VALIDATION] = {"data.validation", "validation set"},
    [SPLIT_TEST] = {"data.test", "test set"},
    [DATASET_NEW_ROWS] = {"data.test", "new rows"},
};

/* ---- services for data*.c ---------------------------------------------------- */

status data_problem(struct problem *p, const char *section, int index, const struct instance *in)
{
    struct error err;
    char setting[64];

    instance_error(in, setting, &err);
    return problem_set(p, section, index, setting, "%.2000s", err.text);
}

int64_t data_shape_size(const fell_shape *shape)
{
    int64_t n = 1;

    if (shape->rank < 1 || shape->rank > 4)
        return 0;
    for (int64_t i = 0; i < shape->rank; i++)
        if (shape->dim[i] < 1 || __builtin_mul_overflow(n, shape->dim[i], &n) || n > LARGEST)
            return 0;
    return n;
}

const char *data_shape_text(const fell_shape *shape, char text[96])
{
    size_t used = 1;

    strcpy(text, "[");
    for (int64_t i = 0; i < shape->rank && i < 4; i++)
        used += (size_t)snprintf(text + used, 96 - used, "%s%lld", i ? "," : "", (long long)shape->dim[i]);
    strcpy(text + used, "]");
    return text;
}

int64_t data_first_nonfinite(const struct host_env *env, const float *x, int64_t n)
{
    int64_t i = 0;

    if (!env->kernels->count_nonfinite(x, n))
        return -1;
    while (isfinite(x[i]))
        i++;
    return i;
}

int64_t *data_count(int64_t n)
{
    int64_t *numbers = mem_try_aligned((size_t)n, sizeof *numbers);

    for (int64_t i = 0; numbers && i < n; i++)
        numbers[i] = i;
    return numbers;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void data_sort(int64_t *row, int64_t n)
{
    if (n > 1) /* an empty list may be no memory at all */
        qsort(row, (size_t)n, sizeof *row, by_number);
}

/* ---- opening -------------------------------------------------------------------- */

static const char *target_word(uint64_t target)
{
    return target == FELL_CLASSES ? "classes" : "values";
}

/* Names become texts of the database, of JSON and of pages, which are UTF-8. */
static status check_class_names(const struct dataset *d, struct problem *p)
{
    const fell_data_info *i = &d->info;

    for (int64_t k = 0; i->is == FELL_CLASSES && i->class_names && k < i->nclasses; k++) {
        const char *name = i->class_names[k], *end = name ? name + strlen(name) : NULL;

        if (!name)
            return problem_set(p, d->section, 0, "", "%s: the plugin gives class %lld no name", d->in.name,
                               (long long)k);
        for (uint32_t c; name < end;) {
            const size_t n = text_character(name, end, &c);

            if (n == 0)
                return problem_set(p, d->section, 0, "",
                                   "%s: the name of class '%.100s' is not UTF-8 (byte 0x%02x); rename it",
                                   d->in.name, i->class_names[k], (unsigned)(unsigned char)*name);
            name += n;
        }
    }
    return OK;
}

/* Columns whose words the model learns vectors for end a row, and the row is a vector. */
static status check_embedded(const struct dataset *d, struct problem *p)
{
    const fell_data_info *i = &d->info;
    bool before = false;

    for (int64_t k = 0; i->column && k < i->ncolumns; k++) {
        const fell_column *c = &i->column[k];
        const bool index = c->is == FELL_INDEX;

        if ((before && !index) || (index && (c->width != 1 || c->embed < 1 || c->values < 1)))
            return problem_set(p, d->section, 0, "", "%s: the plugin's embedded columns do not end its rows",
                               d->in.name);
        if (index && i->x.rank != 1)
            return problem_set(p, d->section, 0, "shape",
                               "%s: column '%.200s' is embedded, so rows are vectors and have no shape",
                               d->in.name, c->name ? c->name : "");
        before |= index;
    }
    return OK;
}

static status check_info(struct dataset *d, const struct item *loss, struct problem *p)
{
    const fell_data_info *i = &d->info;
    const char *who = d->in.name;

    if (i->rows < 1)
        return problem_set(p, d->section, 0, "", "%s: the %s has no rows", who, d->word);
    d->x_size = data_shape_size(&i->x);
    d->target_size = data_shape_size(&i->target);
    if (i->rows > LARGEST || !d->x_size || !d->target_size)
        return problem_set(p, d->section, 0, "", "%s: the plugin gives rows of no sensible shape", who);
    if (i->is != FELL_VALUES && i->is != FELL_CLASSES)
        return problem_set(p, d->section, 0, "", "%s: the plugin says neither values nor classes", who);
    if (i->is != loss->loss->target && !i->no_targets)
        return problem_set(p, d->section, 0, "",
                           "%s: the targets of the %s are %s, but the loss '%s' takes %s", who, d->word,
                           target_word(i->is), loss->name, target_word(loss->loss->target));
    if (i->is == FELL_CLASSES && (i->nclasses < 1 || i->nclasses > MOST_CLASSES))
        return problem_set(p, d->section, 0, "", "%s: the plugin says that there are %lld classes", who,
                           (long long)i->nclasses);
    if (i->vocabulary < 0 || i->vocabulary > MOST_CLASSES)
        return problem_set(p, d->section, 0, "", "%s: the plugin says that the vocabulary is %lld", who,
                           (long long)i->vocabulary);
    if (i->step < 0 || (i->step && !i->no_targets && d->target_size != d->x_size))
        return problem_set(p, d->section, 0, "",
                           "%s: the plugin says that rows are windows of a series, but they are not", who);
    for (int64_t k = 0, at = 0; i->column && k < i->ncolumns; at += i->column[k++].width)
        if (i->column[k].at != at || i->column[k].width < 1 ||
            (k == i->ncolumns - 1 && at + i->column[k].width != d->x_size))
            return problem_set(p, d->section, 0, "", "%s: the plugin's columns are not those of its rows",
                               who);
    if (check_embedded(d, p) != OK)
        return FAILED;
    for (int64_t k = 0; i->weight && k < i->rows; k++)
        if (!(i->weight[k] >= 0.0f) || !isfinite(i->weight[k]))
            return problem_set(p, d->section, 0, "", "%s: row %lld has the weight %g; it must be 0 or more",
                               who, (long long)k + 1, (double)i->weight[k]);
    return check_class_names(d, p);
}

/* A plugin opens what its settings name as it likes; a pipe would keep it waiting, a device would not end. */
static status check_paths(const struct choice *c, int role, struct problem *p)
{
    struct error err;

    for (size_t i = 0; i < c->item->nparams; i++) {
        const fell_param *param = &c->item->params[i];
        const char *field = (const char *)c->settings + param->offset;
        const char *const *path = (const void *)field;
        int64_t n = 1;

        if (!(param->flags & FELL_PATH))
            continue;
        if (param->type == FELL_P_STRINGS) {
            path = ((const fell_strings *)(const void *)field)->v;
            n = ((const fell_strings *)(const void *)field)->n;
        }
        for (int64_t k = 0; k < n; k++)
            if (path[k] && path_check_data(path[k], &err) != OK)
                return problem_set(p, roles[role].section, 0, param->name, "%s: %s: %s", c->item->name,
                                   param->name, err.text);
    }
    return OK;
}

/* Whether a transform fills missing values. */
static bool fills_gaps(const struct spec *spec)
{
    for (size_t i = 0; i < spec->data.ntransforms; i++)
        if (spec->data.transforms[i].item->layer->gaps)
            return true;
    return false;
}

status dataset_open(struct dataset *d, const struct choice *choice, int role, const struct spec *spec,
                    const struct dataset *source, struct host_env *env, struct problem *p)
{
    const fell_dataset *plugin = choice->item->dataset;

    *d = (struct dataset){.choice = choice, .section = roles[role].section, .word = roles[role].word};
    if (check_paths(choice, role, p) != OK)
        return FAILED;
    instance_init(&d->in, choice->item, choice->item->name, env);
    d->in.stream = rng_stream(spec->seed, RNG_DATA, (uint32_t)role, 0);
    d->info =
        (fell_data_info){.ctx = &d->in.ctx,
                         .settings = choice->settings,
                         .wanted = spec->loss.item->loss->target,
                         .source = source ? &source->info : NULL,
                         .gaps = fills_gaps(spec),
                         .no_targets = role == DATASET_NEW_ROWS || spec->data.target == SPEC_TARGET_INPUT,
                         .new_rows = role == DATASET_NEW_ROWS};
    net_at(&d->in, "opening");
    if (plugin->open(&d->info) != FELL_OK)
        return data_problem(p, d->section, 0, &d->in);
    d->open = true;
    d->no_class = spec->loss.item->loss->flags & FELL_NO_CLASS;
    instance_reset(&d->in);
    return check_info(d, spec->loss.item, p);
}

void dataset_close(struct dataset *d)
{
    if (d->open) {
        net_at(&d->in, "closing");
        d->choice->item->dataset->close(d->info.self);
        net_at(NULL, NULL);
    }
    d->open = false;
    coarse_release(&d->coarse);
    free(d->label_map);
    free(d->x_from);
    d->label_map = NULL;
    d->x_from = NULL;
    instance_release(&d->in);
}

/* ---- a second dataset beside the source ----------------------------------------- */

static bool same_shape(const fell_shape *a, const fell_shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

static const char *class_name(const fell_data_info *info, int64_t k, char number[32])
{
    if (info->class_names)
        return info->class_names[k];
    snprintf(number, 32, "%lld", (long long)k);
    return number;
}

struct named {
    const char *name;
    int32_t number;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static status map_classes(struct dataset *d, const struct dataset *source, struct problem *p)
{
    size_t n = (size_t)source->info.nclasses;
    struct named *names = mem_array(n, sizeof *names);
    char(*numbers)[32] = mem_array(n, sizeof *numbers);
    status result = OK;

    for (size_t k = 0; k < n; k++)
        names[k] = (struct named){class_name(&source->info, (int64_t)k, numbers[k]), (int32_t)k};
    qsort(names, n, sizeof *names, by_name);
    d->label_map = mem_array((size_t)d->info.nclasses, sizeof *d->label_map);
    for (int64_t k = 0; k < d->info.nclasses && result == OK; k++) {
        char number[32];
        struct named wanted = {class_name(&d->info, k, number), 0};
        const struct named *found = bsearch(&wanted, names, n, sizeof *names, by_name);

        if (found)
            d->label_map[k] = found->number;
        else
            result = problem_set(p, d->section, 0, "",
                                 "%s: the class '%.64s' of the %s is not among the %zu classes of the source",
                                 d->in.name, wanted.name, d->word, n);
    }
    free(numbers);
    free(names);
    return result;
}

static bool same_name(const fell_column *a, const fell_column *b)
{
    return a->name && b->name && strcmp(a->name, b->name) == 0;
}

/* Columns of a dataset that has them in an order of its own, by name. */
static status map_columns(struct dataset *d, const struct dataset *source, struct problem *p)
{
    const fell_data_info *own = &d->info, *other = &source->info;
    bool same = own->ncolumns == other->ncolumns, named = own->ncolumns && other->ncolumns;

    for (int64_t k = 0; k < own->ncolumns; k++)
        named &= own->column[k].name != NULL;
    for (int64_t k = 0; k < other->ncolumns; k++)
        named &= other->column[k].name != NULL;
    for (int64_t k = 0; same && named && k < own->ncolumns; k++)
        same &= same_name(&own->column[k], &other->column[k]) &&
                own->column[k].width == other->column[k].width && own->column[k].is == other->column[k].is;
    if (same || !named)
        return OK;
    d->x_from = mem_array((size_t)d->x_size, sizeof *d->x_from);
    for (int64_t k = 0; k < other->ncolumns; k++) {
        const fell_column *c = &other->column[k];
        int64_t i = 0;

        while (i < own->ncolumns && !same_name(&own->column[i], c))
            i++;
        if (i == own->ncolumns)
            return problem_set(p, d->section, 0, "",
                               "%s: the %s has no column '%.200s', which the source has", d->in.name, d->word,
                               c->name);
        if (own->column[i].width != c->width || own->column[i].is != c->is)
            return problem_set(p, d->section, 0, "",
                               "%s: column '%.200s' of the %s is not what it is in the source", d->in.name,
                               c->name, d->word);
        for (int64_t j = 0; j < c->width; j++)
            d->x_from[c->at + j] = own->column[i].at + j;
    }
    return OK;
}

status dataset_match(struct dataset *d, const struct dataset *source, struct problem *p)
{
    const struct {
        const char *word;
        const fell_shape *own, *of_source;
    } shapes[] = {{"inputs", &d->info.x, &source->info.x},
                  {"targets", &d->info.target, &source->info.target}};
    char own[96], other[96];

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (!same_shape(shapes[i].own, shapes[i].of_source) && (i == 0 || !d->info.no_targets))
            return problem_set(p, d->section, 0, "",
                               "%s: %s of the %s have the shape %s, those of the source %s", d->in.name,
                               shapes[i].word, d->word, data_shape_text(shapes[i].own, own),
                               data_shape_text(shapes[i].of_source, other));
    if (map_columns(d, source, p) != OK)
        return FAILED;
    if (d->info.is != FELL_CLASSES || d->info.no_targets ||
        (!d->info.class_names && !source->info.class_names && d->info.nclasses <= source->info.nclasses))
        return OK;
    return map_classes(d, source, p);
}
