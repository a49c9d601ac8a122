/* data.c - from the spec's data section to the rows of a run. See data.h.
 *
 * The order: open every dataset and compare them, draw the split, read, transform. How a dataset is read is
 * data_read.c, transforms are data_transform.c.
 */
#include "engine/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "engine/data_parts.h"

/* ---- the split ------------------------------------------------------------------ */

/* Which rows of the source are for training, which for validation; both in the order
 * of the source. */
struct parts {
    int64_t ntrain, nvalidation;
    int64_t *train, *validation; /* in one allocation, which train begins */
};

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static status draw_parts(const struct spec *spec, int64_t rows, struct parts *parts, struct problem *p)
{
    double share = spec->data.validation_share;
    struct rng_stream stream = rng_stream(spec->seed, RNG_SPLIT, 0, 0);
    int64_t *order, n = (int64_t)floor(share * (double)rows + 0.5);

    if (n < 1 || n >= rows)
        return problem_set(p, "data.validation", 0, "", "a share of %g of %lld rows leaves none for %s",
                           share, (long long)rows, n < 1 ? "validation" : "training");
    order = data_count(rows);
    if (!order)
        return problem_set(p, "data.validation", 0, "", "%lld rows do not fit into memory", (long long)rows);
    rng_shuffle(&stream, order, rows);
    *parts = (struct parts){
        .ntrain = rows - n, .nvalidation = n, .train = order, .validation = order + (rows - n)};
    qsort(parts->train, (size_t)parts->ntrain, sizeof *order, by_number);
    qsort(parts->validation, (size_t)n, sizeof *order, by_number);
    return OK;
}

/* ---- loading --------------------------------------------------------------------- */

static void copy_facts(struct data *data, const struct dataset *source)
{
    const fell_data_info *info = &source->info;

    data->x = info->x;
    data->target = info->target;
    data->x_size = source->x_size;
    data->target_size = source->target_size;
    data->source_rows = info->rows;
    data->classes = info->is == FELL_CLASSES;
    data->nclasses = data->classes ? info->nclasses : 0;
    data->ncolumns = info->column ? info->ncolumns : 0;
    data->column = mem_array((size_t)data->ncolumns + 1, sizeof *data->column);
    for (int64_t k = 0; k < data->ncolumns; k++)
        data->column[k] = info->column[k];
    if (!data->classes || !info->class_names)
        return;
    data->class_names = mem_array((size_t)info->nclasses, sizeof *data->class_names);
    for (int64_t k = 0; k < info->nclasses; k++)
        data->class_names[k] = mem_string(info->class_names[k]);
}

/* The datasets of a spec: by the split they are for, source first. */
static status open_all(const struct spec *spec, struct dataset set[SPLITS], struct host_env *env,
                       struct problem *p)
{
    const struct choice *choices[SPLITS] = {
        [SPLIT_TRAIN] = &spec->data.source,
        [SPLIT_VALIDATION] = &spec->data.validation,
        [SPLIT_TEST] = &spec->data.test,
    };

    for (enum split s = 0; s < SPLITS; s++) {
        if (!choices[s]->item)
            continue;
        if (dataset_open(&set[s], choices[s], s, spec, s == SPLIT_TRAIN ? NULL : &set[SPLIT_TRAIN], env, p) !=
            OK)
            return FAILED;
        if (s != SPLIT_TRAIN && dataset_match(&set[s], &set[SPLIT_TRAIN], p) != OK)
            return FAILED;
    }
    return OK;
}

static int64_t *copy_rows(const int64_t *row, int64_t n)
{
    int64_t *copy = mem_array((size_t)n, sizeof *copy);

    memcpy(copy, row, (size_t)n * sizeof *copy);
    return copy;
}

static bool has_doubles(const struct rows *r)
{
    return r->wide || r->again;
}

static status read_all(const struct spec *spec, struct data *data, struct dataset set[SPLITS],
                       struct problem *p)
{
    struct parts parts = {.ntrain = set[SPLIT_TRAIN].info.rows};
    status result = OK;
    bool narrow;

    data_stream_settle(spec, set);
    if (spec->data.validation_share > 0)
        result = draw_parts(spec, parts.ntrain, &parts, p);
    if (result == OK)
        result =
            dataset_read(&set[SPLIT_TRAIN], parts.train, parts.ntrain, false, &data->split[SPLIT_TRAIN], p);
    if (result == OK && parts.nvalidation)
        result = dataset_read(&set[SPLIT_TRAIN], parts.validation, parts.nvalidation, false,
                              &data->split[SPLIT_VALIDATION], p);
    narrow = result == OK && !has_doubles(&data->split[SPLIT_TRAIN]) &&
             !has_doubles(&data->split[SPLIT_VALIDATION]);
    for (enum split s = SPLIT_VALIDATION; s < SPLITS && result == OK; s++)
        if (set[s].open)
            result = dataset_read(&set[s], NULL, set[s].info.rows, narrow, &data->split[s], p);
    if (result == OK && !rows_agree(data))
        result = problem_set(p, "data", 0, "", "the rows do not fit into memory");
    if (result == OK && parts.nvalidation) {
        data->split[SPLIT_TRAIN].source_row = copy_rows(parts.train, parts.ntrain);
        data->split[SPLIT_VALIDATION].source_row = copy_rows(parts.validation, parts.nvalidation);
    }
    data->validation_rows = set[SPLIT_VALIDATION].info.rows;
    data->test_rows = set[SPLIT_TEST].info.rows;
    free(parts.train);
    return result;
}

static void close_all(struct dataset set[SPLITS], enum split from)
{
    for (enum split s = from; s < SPLITS; s++)
        if (set[s].choice)
            dataset_close(&set[s]);
}

status data_load(const struct spec *spec, struct host_env *env, struct data **out, struct problem *p)
{
    struct data *data = mem_alloc(sizeof *data);
    struct dataset set[SPLITS] = {0};
    size_t transforms = 0; /* that the rows have behind them */
    status result;

    *out = NULL;
    result = open_all(spec, set, env, p);
    if (result == OK) {
        copy_facts(data, &set[SPLIT_TRAIN]);
        result = read_all(spec, data, set, p);
    }
    if (result == OK)
        data_tell(data, set);
    if (result == OK)
        result = data_stream(data, spec, set, &transforms, env, p);
    close_all(set, SPLIT_VALIDATION);
    if (result == OK)
        result = data_transforms(data, spec, transforms, env, p);
    close_all(set, SPLIT_TRAIN); /* the words of its columns were needed till here */
    free(data->column);
    data->column = NULL;
    data->ncolumns = 0;
    if (result == OK)
        *out = data;
    else
        data_free(data);
    return result;
}

int64_t data_row_size(const struct data *d, enum split s)
{
    return s == SPLIT_TRAIN && d->nlate ? fell_size(&d->late[0].in) : d->x_size;
}

void data_free(struct data *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->nlate; i++) {
        for (size_t k = 0; !d->map && k < d->late[i].ntensors; k++)
            free(d->late[i].tensor[k]);
        free(d->late[i].tensor);
        free(d->late[i].tensor_n);
    }
    free(d->late);
    for (enum split s = 0; s < SPLITS && !d->map; s++) {
        free(d->split[s].x);
        free(d->split[s].wide);
        free(d->split[s].target);
        free(d->split[s].label);
        free(d->split[s].source_row);
    }
    for (int64_t k = 0; d->class_names && k < d->nclasses; k++)
        free(d->class_names[k]);
    free(d->class_names);
    free(d->class_rows);
    free(d->found);
    free(d->column);
    if (d->map)
        munmap(d->map, d->map_size);
    free(d);
}
