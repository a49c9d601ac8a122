/* data.c - from the spec's data section to the rows of a run. See data.h.
 *
 * The order: open every dataset and compare them, draw the split, read, transform. Which rows are held out is
 * data_split.c, how a dataset is read data_read.c, transforms are data_transform.c.
 */
#include "engine/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "engine/data_parts.h"

/* ---- loading --------------------------------------------------------------------- */

static void copy_facts(struct data *data, const struct dataset *source)
{
    const fell_data_info *info = &source->info;

    fitted_begin(data, source);
    data->x = info->x;
    data->target = info->target;
    data->x_size = source->x_size;
    data->target_size = source->target_size;
    data->source_rows = info->rows;
    data->classes = info->is == FELL_CLASSES;
    data->nclasses = data->classes ? info->nclasses : 0;
    data->vocabulary = info->vocabulary;
    data->ncolumns = info->column ? info->ncolumns : 0;
    data->column = mem_array((size_t)data->ncolumns + 1, sizeof *data->column);
    for (int64_t k = 0; k < data->ncolumns; k++)
        data->column[k] = info->column[k];
    embedded_begin(data);
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
        if (dataset_open(&set[s], choices[s], (int)s, spec, s == SPLIT_TRAIN ? NULL : &set[SPLIT_TRAIN], env,
                         p) != OK)
            return FAILED;
        if (s != SPLIT_TRAIN && dataset_match(&set[s], &set[SPLIT_TRAIN], p) != OK)
            return FAILED;
    }
    return OK;
}

static bool has_doubles(const struct rows *r)
{
    return r->wide || r->again;
}

/* Of rows that overlap, those that are held out share their numbers with those that are trained on. */
static void warn_overlap(const struct spec *spec, const struct dataset *source)
{
    const struct host_env *env = source->in.env;
    char text[256];

    if (!source->info.step || source->info.step >= source->x_size || !env->warn ||
        (!spec->data.folds && !(spec->data.validation_share > 0)))
        return;
    snprintf(text, sizeof text,
             "rows of %lld numbers begin every %lld, so what is held out is trained on in rows that overlap "
             "it: make the validation rows a dataset of another part",
             (long long)source->x_size, (long long)source->info.step);
    env->warn(env->warn_arg, spec->data.folds ? "data.folds" : "data.validation", text);
}

/* N rows of D, ROW says which, into OUT: each for itself, or as the series that they are windows of. */
static status read_rows(struct dataset *d, const struct spec *spec, const int64_t *row, int64_t n,
                        bool narrow, struct rows *out, struct problem *p)
{
    return dataset_has_windows(d, spec) ? dataset_read_series(d, n, out, p)
                                        : dataset_read(d, row, n, narrow, out, p);
}

static status read_all(const struct spec *spec, struct data *data, struct dataset set[SPLITS],
                       struct problem *p)
{
    struct parts parts = {0};
    status result = data_split(spec, &set[SPLIT_TRAIN], &parts, p);
    bool narrow;

    warn_overlap(spec, &set[SPLIT_TRAIN]);
    data_stream_settle(spec, set);
    if (result == OK)
        result = read_rows(&set[SPLIT_TRAIN], spec, parts.train, parts.ntrain, false,
                           &data->split[SPLIT_TRAIN], p);
    if (result == OK && parts.nvalidation)
        result = read_rows(&set[SPLIT_TRAIN], spec, parts.validation, parts.nvalidation, false,
                           &data->split[SPLIT_VALIDATION], p);
    narrow = result == OK && !has_doubles(&data->split[SPLIT_TRAIN]) &&
             !has_doubles(&data->split[SPLIT_VALIDATION]);
    for (enum split s = SPLIT_VALIDATION; s < SPLITS && result == OK; s++)
        if (set[s].open)
            result = read_rows(&set[s], spec, NULL, set[s].info.rows, narrow, &data->split[s], p);
    if (result == OK && !rows_agree(data))
        result = problem_no_memory(p, "data", 0, "", "the rows");
    if (result == OK) {
        data->split[SPLIT_TRAIN].source_row = parts.train;
        data->split[SPLIT_VALIDATION].source_row = parts.nvalidation ? parts.validation : NULL;
        parts.train = NULL;
        parts.validation = parts.nvalidation ? NULL : parts.validation;
    }
    data->validation_rows = set[SPLIT_VALIDATION].info.rows;
    data->test_rows = set[SPLIT_TEST].info.rows;
    parts_release(&parts);
    return result;
}

/* How much rows count, as their dataset says. */
static status take_weights(struct data *data, const struct dataset set[SPLITS], struct problem *p)
{
    for (enum split s = 0; s < SPLITS; s++) {
        struct rows *r = &data->split[s];
        const float *weight = set[set[s].open ? s : SPLIT_TRAIN].info.weight;

        if (!r->n || !weight)
            continue;
        r->weight = mem_try_aligned((size_t)r->n, sizeof *r->weight);
        if (!r->weight)
            return problem_no_memory(p, "data", 0, "", "the weights of %lld rows", (long long)r->n);
        for (int64_t i = 0; i < r->n; i++)
            r->weight[i] = weight[r->source_row ? r->source_row[i] : i];
    }
    return OK;
}

static void close_all(struct dataset set[SPLITS], enum split from)
{
    for (enum split s = from; s < SPLITS; s++)
        if (set[s].choice)
            dataset_close(&set[s]);
}

/* The target of each row is what the transforms have made of its inputs. */
static status learn_inputs(struct data *data, struct problem *p)
{
    if (data->nembedded)
        return problem_set(p, "data.target", 0, "",
                           "data.target: input: '%s' is a column that is embedded, and a place of a word is "
                           "no value to be learnt; make it a category",
                           data->embedded[0].name);
    if (data->nlate)
        return problem_set(
            p, "data.target", 0, "",
            "data.target: input: a transform that acts in training only would leave the target as it "
            "was; for a denoising autoencoder put the layer 'noise' or 'dropout' first in the model");
    for (enum split s = 0; s < SPLITS; s++) {
        struct rows *r = &data->split[s];
        size_t n;

        if (!r->n)
            continue;
        free(r->target);
        free(r->label);
        r->label = NULL;
        r->target =
            mem_mul((size_t)r->n, (size_t)data->x_size, &n) ? mem_try_aligned(n, sizeof *r->target) : NULL;
        if (!r->target)
            return problem_no_memory(p, "data.target", 0, "", "%lld rows twice", (long long)r->n);
        memcpy(r->target, r->x, n * sizeof *r->target);
    }
    data->target = data->x;
    data->target_size = data->x_size;
    data->classes = false;
    return OK;
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
    for (enum split s = 0; s < SPLITS && result == OK; s++)
        coarse_tell(&set[s].coarse, data->column, data->ncolumns, env);
    if (result == OK) {
        data_tell(data, set);
        result = data_noise(spec, data, env, p);
    }
    if (result == OK)
        result = take_weights(data, set, p);
    if (result == OK)
        result = data_scale_targets(spec, data, p);
    if (result == OK)
        result = data_stream(data, spec, set, &transforms, env, p);
    close_all(set, SPLIT_VALIDATION);
    if (result == OK)
        result = data_transforms(data, spec, transforms, env, p);
    if (result == OK)
        result = embedded_check(data, p);
    if (result == OK && spec->data.target == SPEC_TARGET_INPUT)
        result = learn_inputs(data, p);
    if (result == OK)
        data_lists_hash(data);
    if (result == OK)
        fitted_end(data);
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

bool data_has_weights(const struct data *d)
{
    bool has = false;

    for (int s = 0; s < SPLITS; s++)
        has |= d->split[s].weight != NULL;
    return has;
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
    for (enum split s = 0; s < SPLITS && !d->map; s++)
        rows_free(&d->split[s]);
    if (!d->map)
        free(d->noised_row);
    for (int64_t k = 0; d->class_names && k < d->nclasses; k++)
        free(d->class_names[k]);
    free(d->class_names);
    embedded_free(d);
    free(d->target_mean);
    free(d->target_deviation);
    free(d->class_rows);
    free(d->found);
    for (int64_t i = 0; d->row_name && i < d->test_rows; i++)
        free(d->row_name[i]);
    free(d->row_name);
    free(d->fitted);
    cJSON_Delete(d->fitting);
    free(d->column);
    if (d->map)
        munmap(d->map, d->map_size);
    free(d);
}
