/* data_new.c - new rows for a trained net: read in the columns that it knows, through its transforms as they
 * were fitted. See fitted.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/data_parts.h"
#include "engine/fitted.h"
#include "engine/targets.h"

/* The facts of the data that the net was trained on. */
static void take_facts(struct data *data, const struct fitted *f)
{
    const fell_data_info *info = &f->source;

    data->x = info->x;
    data->target = info->target;
    data->x_size = fell_size(&info->x);
    data->target_size = fell_size(&info->target);
    data->classes = info->is == FELL_CLASSES;
    data->nclasses = info->nclasses;
    data->vocabulary = info->vocabulary;
    data->ncolumns = info->ncolumns;
    data->column = mem_array((size_t)data->ncolumns + 1, sizeof *data->column);
    if (data->ncolumns)
        memcpy(data->column, info->column, (size_t)data->ncolumns * sizeof *data->column);
    embedded_begin(data);
    data->class_rows = mem_array((size_t)data->nclasses + 1, sizeof *data->class_rows);
    if (info->class_names) {
        data->class_names = mem_array((size_t)info->nclasses, sizeof *data->class_names);
        for (int64_t k = 0; k < info->nclasses; k++)
            data->class_names[k] = mem_string(info->class_names[k]);
    }
    if (f->target_mean) {
        const size_t bytes = (size_t)data->target_size * sizeof *data->target_mean;

        data->target_mean = mem_array((size_t)data->target_size, sizeof *data->target_mean);
        data->target_deviation = mem_array((size_t)data->target_size, sizeof *data->target_deviation);
        memcpy(data->target_mean, f->target_mean, bytes);
        memcpy(data->target_deviation, f->target_deviation, bytes);
    }
}

/* Numbers that the loss takes, in the place of targets that nobody knows. */
static status make_targets(struct data *data, const struct spec *spec, struct problem *p)
{
    struct rows *r = &data->split[SPLIT_TEST];
    const float value = targets_within(&spec->loss, 0.0f);
    size_t n;

    if (spec->data.target == SPEC_TARGET_INPUT) {
        data->target = data->x;
        data->target_size = data->x_size;
        data->classes = false;
    }
    if (!mem_mul((size_t)r->n, (size_t)data->target_size, &n))
        n = 0;
    if (data->classes)
        r->label = n ? mem_try_aligned(n, sizeof *r->label) : NULL;
    else
        r->target = n ? mem_try_aligned(n, sizeof *r->target) : NULL;
    if (!r->label && !r->target)
        return problem_no_memory(p, "data", 0, "", "%lld rows", (long long)r->n);
    for (size_t i = 0; i < n; i++) {
        if (data->classes)
            r->label[i] = 0;
        else
            r->target[i] = value;
    }
    return OK;
}

/* What the rows are called, where their dataset knows. */
static void take_names(struct data *data, const fell_data_info *info)
{
    if (!info->row_names)
        return;
    data->row_name = mem_array((size_t)info->rows + 1, sizeof *data->row_name);
    for (int64_t i = 0; i < info->rows; i++)
        data->row_name[i] = mem_string(info->row_names[i] ? info->row_names[i] : "");
}

static status read_rows(struct data *data, const struct fitted *f, const struct spec *spec,
                        struct dataset *set, struct host_env *env, struct problem *p)
{
    const bool doubles = f->ntransforms > 0 && f->transform[0].wide;
    struct dataset source = {.info = f->source,
                             .word = "net",
                             .x_size = fell_size(&f->source.x),
                             .target_size = fell_size(&f->source.target)};
    struct rows *r = &data->split[SPLIT_TEST];

    if (dataset_open(set, &spec->data.test, DATASET_NEW_ROWS, spec, &source, env, p) != OK ||
        dataset_match(set, &source, p) != OK || dataset_read(set, NULL, set->info.rows, !doubles, r, p) != OK)
        return FAILED;
    if (doubles && !r->wide && !rows_widen(r, data->x_size))
        return problem_no_memory(p, "data", 0, "", "%lld rows", (long long)r->n);
    free(r->target);
    free(r->label);
    r->target = NULL;
    r->label = NULL;
    data->test_rows = r->n;
    take_names(data, &set->info);
    return OK;
}

/* What a load leaves behind: rows without columns. */
static status finish(struct data *data, status result, struct data **out)
{
    free(data->column);
    data->column = NULL;
    data->ncolumns = 0;
    *out = result == OK ? data : NULL;
    if (result != OK)
        data_free(data);
    return result;
}

status fitted_load(const struct fitted *f, const struct spec *spec, struct host_env *env, struct data **out,
                   struct problem *p)
{
    struct data *data = mem_alloc(sizeof *data);
    struct dataset set = {0};
    status result;

    *out = NULL;
    take_facts(data, f);
    result = read_rows(data, f, spec, &set, env, p);
    if (result == OK)
        result = data_transforms_again(data, spec, f, NULL, env, p);
    if (result == OK)
        result = embedded_check(data, p);
    if (result == OK)
        result = make_targets(data, spec, p);
    dataset_close(&set);
    return finish(data, result, out);
}

status fitted_blank(const struct fitted *f, const struct spec *spec, struct host_env *env, int64_t n,
                    fell_shape *shape, struct data **out, struct problem *p)
{
    const bool doubles = f->ntransforms > 0 && f->transform[0].wide;
    struct data *data = mem_alloc(sizeof *data);
    struct rows *r = &data->split[SPLIT_TEST];
    size_t numbers;
    status result = OK;

    take_facts(data, f);
    r->n = data->test_rows = n;
    if (!mem_mul((size_t)n, (size_t)data->x_size, &numbers))
        numbers = 0;
    if (doubles)
        r->wide = mem_try_aligned(numbers, sizeof *r->wide);
    else
        r->x = mem_try_aligned(numbers, sizeof *r->x);
    if (!r->wide && !r->x)
        result = problem_no_memory(p, "data", 0, "", "%lld rows", (long long)n);
    if (result == OK)
        result = data_transforms_again(data, spec, f, shape, env, p);
    if (result == OK)
        result = make_targets(data, spec, p);
    return finish(data, result, out);
}
