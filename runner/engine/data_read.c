/* data_read.c - one dataset plugin: opened, checked, read, closed. See data_parts.h.
 *
 * Nothing that a plugin says is taken on trust: sizes, class counts and every number are looked at here,
 * once, so that the loops need not.
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
} roles[SPLITS] = {
    [SPLIT_TRAIN] = {"data.source", "source"},
    [SPLIT_VALIDATION] = {"data.validation", "validation set"},
    [SPLIT_TEST] = {"data.test", "test set"},
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

/* ---- opening -------------------------------------------------------------------- */

static const char *target_word(uint64_t target)
{
    return target == FELL_CLASSES ? "classes" : "values";
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
    if (i->is != loss->loss->target)
        return problem_set(p, d->section, 0, "",
                           "%s: the targets of the %s are %s, but the loss '%s' takes %s", who, d->word,
                           target_word(i->is), loss->name, target_word(loss->loss->target));
    if (i->is == FELL_CLASSES && (i->nclasses < 1 || i->nclasses > MOST_CLASSES))
        return problem_set(p, d->section, 0, "", "%s: the plugin says that there are %lld classes", who,
                           (long long)i->nclasses);
    for (int64_t k = 0, at = 0; i->column && k < i->ncolumns; at += i->column[k++].width)
        if (i->column[k].at != at || i->column[k].width < 1 ||
            (k == i->ncolumns - 1 && at + i->column[k].width != d->x_size))
            return problem_set(p, d->section, 0, "", "%s: the plugin's columns are not those of its rows",
                               who);
    for (int64_t k = 0; i->is == FELL_CLASSES && i->class_names && k < i->nclasses; k++)
        if (!i->class_names[k])
            return problem_set(p, d->section, 0, "", "%s: the plugin gives class %lld no name", who,
                               (long long)k);
    return OK;
}

/* A plugin opens what its settings name as it likes; a pipe would keep it waiting, a device would not end. */
static status check_paths(const struct choice *c, enum split role, struct problem *p)
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

status dataset_open(struct dataset *d, const struct choice *choice, enum split role, const struct spec *spec,
                    const struct dataset *source, struct host_env *env, struct problem *p)
{
    const fell_dataset *plugin = choice->item->dataset;

    *d = (struct dataset){.choice = choice, .section = roles[role].section, .word = roles[role].word};
    if (check_paths(choice, role, p) != OK)
        return FAILED;
    instance_init(&d->in, choice->item, choice->item->name, env);
    d->in.stream = rng_stream(spec->seed, RNG_DATA, (uint32_t)role, 0);
    d->info = (fell_data_info){.ctx = &d->in.ctx,
                               .settings = choice->settings,
                               .wanted = spec->loss.item->loss->target,
                               .source = source ? &source->info : NULL,
                               .gaps = fills_gaps(spec)};
    net_at(&d->in, "opening");
    if (plugin->open(&d->info) != FELL_OK)
        return data_problem(p, d->section, 0, &d->in);
    d->open = true;
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
        same &= same_name(&own->column[k], &other->column[k]);
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
        if (!same_shape(shapes[i].own, shapes[i].of_source))
            return problem_set(p, d->section, 0, "",
                               "%s: %s of the %s have the shape %s, those of the source %s", d->in.name,
                               shapes[i].word, d->word, data_shape_text(shapes[i].own, own),
                               data_shape_text(shapes[i].of_source, other));
    if (map_columns(d, source, p) != OK)
        return FAILED;
    if (d->info.is != FELL_CLASSES ||
        (!d->info.class_names && !source->info.class_names && d->info.nclasses <= source->info.nclasses))
        return OK;
    return map_classes(d, source, p);
}

/* ---- rows -------------------------------------------------------------------------- */

static status check_finite(const struct dataset *d, const int64_t *row, const float *x, int64_t n,
                           int64_t size, const char *what, struct problem *p)
{
    int64_t at = data_first_nonfinite(d->in.env, x, n * size);

    if (at < 0)
        return OK;
    return problem_set(p, d->section, 0, "",
                       "%s: row %lld, column %lld of the %s is not a finite number (%g)", d->in.name,
                       (long long)(row[at / size] + 1), (long long)(at % size + 1), what, (double)x[at]);
}

static status settle_labels(const struct dataset *d, const int64_t *row, struct rows *r, struct problem *p)
{
    for (int64_t i = 0; i < r->n * d->target_size; i++) {
        int32_t label = r->label[i];

        if (label < 0 || label >= d->info.nclasses)
            return problem_set(
                p, d->section, 0, "", "%s: the label of row %lld is %d, outside the classes 0 to %lld",
                d->in.name, (long long)(row[i / d->target_size] + 1), label, (long long)d->info.nclasses - 1);
        if (d->label_map)
            r->label[i] = d->label_map[label];
    }
    return OK;
}

/* [n, size] elements of ELEMENT bytes, or NULL. */
static void *rows_alloc(int64_t n, int64_t size, size_t element)
{
    size_t count;

    return mem_mul((size_t)n, (size_t)size, &count) ? mem_try_aligned(count, element) : NULL;
}

bool rows_narrow(struct rows *r, int64_t size)
{
    float *x = rows_alloc(r->n, size, sizeof *x);

    if (!x)
        return false;
    for (int64_t i = 0; i < r->n * size; i++)
        x[i] = (float)r->wide[i];
    free(r->wide);
    r->wide = NULL;
    r->x = x;
    return true;
}

bool rows_widen(struct rows *r, int64_t size)
{
    double *x = rows_alloc(r->n, size, sizeof *x);

    if (!x)
        return false;
    for (int64_t i = 0; i < r->n * size; i++)
        x[i] = (double)r->x[i];
    free(r->x);
    r->x = NULL;
    r->wide = x;
    return true;
}

static bool floats_hold(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if ((double)(float)x[i] != x[i] && !isnan(x[i]))
            return false;
    return true;
}

/* Rows in the order of the source's columns; SIZE bytes a number. */
static void reorder(const struct dataset *d, void *rows, int64_t n, size_t size)
{
    char *row = mem_array((size_t)d->x_size, size), *at = rows;

    for (int64_t i = 0; i < n; i++, at += (size_t)d->x_size * size) {
        for (int64_t j = 0; j < d->x_size; j++)
            memcpy(row + (size_t)j * size, at + (size_t)d->x_from[j] * size, size);
        memcpy(at, row, (size_t)d->x_size * size);
    }
    free(row);
}

/* DONE rows are in OUT; N more follow, in BUFFER: floats, as long as these hold all of them. */
static status keep_wide(const struct dataset *d, const double *buffer, int64_t done, int64_t n, bool narrow,
                        struct rows *out)
{
    if (!out->wide && !narrow && !floats_hold(buffer, n * d->x_size) && !rows_widen(out, d->x_size))
        return FAILED;
    if (out->wide)
        memcpy(out->wide + done * d->x_size, buffer, (size_t)(n * d->x_size) * sizeof *buffer);
    else
        for (int64_t i = 0; i < n * d->x_size; i++)
            out->x[done * d->x_size + i] = (float)buffer[i];
    return OK;
}

static status too_large(const struct dataset *d, int64_t n, struct problem *p)
{
    return problem_set(p, d->section, 0, "", "%s: %lld rows of %lld numbers do not fit into memory",
                       d->in.name, (long long)n, (long long)(d->x_size + d->target_size));
}

/* The rows of a plugin that gives doubles, chunk by chunk. */
static status read_doubles(struct dataset *d, const fell_read_call *all, bool narrow, struct rows *out,
                           struct problem *p)
{
    enum { CHUNK = 1024 };
    double *buffer = rows_alloc(all->n < CHUNK ? all->n : CHUNK, d->x_size, sizeof *buffer);
    status result = buffer ? OK : too_large(d, all->n, p);

    for (int64_t done = 0; done < all->n && result == OK; done += CHUNK) {
        fell_read_call call = *all;

        call.n = all->n - done < CHUNK ? all->n - done : CHUNK;
        call.row += done;
        call.x = NULL;
        call.x64 = buffer;
        call.target = all->target ? all->target + done * d->target_size : NULL;
        call.label = all->label ? all->label + done * d->target_size : NULL;
        if (d->choice->item->dataset->read(&call) != FELL_OK) {
            result = data_problem(p, d->section, 0, &d->in);
            break;
        }
        instance_reset(&d->in);
        if (d->x_from)
            reorder(d, buffer, call.n, sizeof *buffer);
        if (keep_wide(d, buffer, done, call.n, narrow, out) != OK)
            result = too_large(d, all->n, p);
    }
    free(buffer);
    return result;
}

/* Inputs that are not finite; NaN stands for a missing value where a transform fills these. */
static status check_inputs(const struct dataset *d, const int64_t *row, const struct rows *r,
                           struct problem *p)
{
    const bool gaps = d->info.gaps && d->info.column;

    if (!r->wide && !gaps)
        return check_finite(d, row, r->x, r->n, d->x_size, "inputs", p);
    for (int64_t i = 0; i < r->n * d->x_size; i++) {
        const double v = r->wide ? r->wide[i] : (double)r->x[i];

        if (!isfinite(v) && !(gaps && isnan(v)))
            return problem_set(
                p, d->section, 0, "", "%s: row %lld, column %lld of the inputs is not a finite number (%g)",
                d->in.name, (long long)(row[i / d->x_size] + 1), (long long)(i % d->x_size + 1), v);
    }
    return OK;
}

status dataset_read(struct dataset *d, const int64_t *row, int64_t n, bool narrow, struct rows *out,
                    struct problem *p)
{
    bool classes = d->info.is == FELL_CLASSES;
    int64_t *all = NULL;
    fell_read_call call = {.ctx = &d->in.ctx, .settings = d->choice->settings, .self = d->info.self, .n = n};
    status result = FAILED;

    if (!row)
        row = all = data_count(n);
    out->n = n;
    out->x = rows_alloc(n, d->x_size, sizeof *out->x);
    if (classes)
        out->label = rows_alloc(n, d->target_size, sizeof *out->label);
    else
        out->target = rows_alloc(n, d->target_size, sizeof *out->target);
    if (!row || !out->x || !(classes ? (void *)out->label : (void *)out->target)) {
        too_large(d, n, p);
        goto out;
    }
    call.row = row;
    call.x = out->x;
    call.target = out->target;
    call.label = out->label;
    net_at(&d->in, "reading");
    if (d->info.doubles) {
        if (read_doubles(d, &call, narrow, out, p) != OK)
            goto out;
    } else {
        if (d->choice->item->dataset->read(&call) != FELL_OK) {
            data_problem(p, d->section, 0, &d->in);
            goto out;
        }
        instance_reset(&d->in);
        if (d->x_from)
            reorder(d, out->x, n, sizeof *out->x);
    }
    result = check_inputs(d, row, out, p);
    if (result == OK)
        result = classes ? settle_labels(d, row, out, p)
                         : check_finite(d, row, out->target, n, d->target_size, "targets", p);
out:
    free(all);
    return result;
}
