/* data_transform.c - transforms: planned, fitted on the training rows, applied to all.
 *
 * The result takes the place of the inputs. Rows go through in chunks, so that the memory beyond the result
 * is small; a transform sees no row of another split while it is fitted. One that draws random numbers in
 * training alone acts in training alone (flip): the training rows stay as they were before it, and it and
 * all that follow are kept for augment.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/data_work.h"
#include "engine/fitted.h"

enum { PROBED = 16 /* rows that tell whether a transform draws */ };

static status no_memory(const struct work *w, int64_t rows, struct problem *p)
{
    return problem_no_memory(p, WORK_SECTION, w->index, w->in.name, "%lld rows of %lld numbers",
                             (long long)rows, (long long)w->out_size);
}

/* All rows of a split. What does not grow is written over what was read: chunk by chunk the
 * result stays behind the rows that are still to come. */
static status apply(struct work *w, const struct spec *spec, struct rows *r, enum split s, struct problem *p)
{
    const struct work_verb forward = {.fn = w->item->layer->forward};
    bool grows = w->out_size > w->in_size;
    size_t size, chunk_rows = r->n < DATA_CHUNK ? (size_t)r->n : DATA_CHUNK;
    float *to = NULL, *y = NULL;
    status result = FAILED;
    int64_t at;

    if (mem_mul(grows ? (size_t)r->n : chunk_rows, (size_t)w->out_size, &size))
        y = mem_try_aligned(size, sizeof *y);
    if (!y) {
        no_memory(w, r->n, p);
        goto out;
    }
    to = grows ? y : r->x;
    w->in.stream = work_stream(spec, w, 1000 + (uint64_t)s);
    for (int64_t i = 0; i < r->n; i += DATA_CHUNK) {
        int64_t n = r->n - i < DATA_CHUNK ? r->n - i : DATA_CHUNK;
        float *out = grows ? y + i * w->out_size : y;

        if (work_call(w, &forward, r->x + i * w->in_size, n, out, p) != OK)
            goto out;
        if (!grows)
            memcpy(to + i * w->out_size, y, (size_t)(n * w->out_size) * sizeof *y);
    }
    at = data_first_nonfinite(w->in.env, to, r->n * w->out_size);
    if (at >= 0) {
        work_not_finite(w, s, at, (double)to[at], p);
        goto out;
    }
    if (grows) {
        y = r->x; /* to be freed */
        r->x = to;
    }
    result = OK;
out:
    free(y);
    return result;
}

/* The same in doubles, into new memory. */
static status apply_wide(struct work *w, struct rows *r, enum split s, struct problem *p)
{
    const struct work_verb forward = {.fn = w->item->layer->forward64};
    double *y = NULL;
    size_t size;

    if (mem_mul((size_t)r->n, (size_t)w->out_size, &size))
        y = mem_try_aligned(size, sizeof *y);
    if (!y)
        return no_memory(w, r->n, p);
    for (int64_t i = 0; i < r->n; i += DATA_CHUNK) {
        const int64_t n = r->n - i < DATA_CHUNK ? r->n - i : DATA_CHUNK;

        if (work_call(w, &forward, r->wide + i * w->in_size, n, y + i * w->out_size, p) != OK) {
            free(y);
            return FAILED;
        }
    }
    free(r->wide);
    r->wide = y;
    for (int64_t i = 0; i < r->n * w->out_size; i++)
        if (!isfinite((float)y[i]))
            return work_not_finite(w, s, i, y[i], p);
    return OK;
}

/* ---- transforms that act in training only ------------------------------------------ */

/* Whether it draws random numbers for training rows, and none in evaluation. */
static status find_out_if_late(struct work *w, const struct spec *spec, const struct rows *train, bool *late,
                               struct problem *p)
{
    const int64_t n = train->n < PROBED ? train->n : PROBED;
    float *y = mem_try_aligned((size_t)n, (size_t)w->out_size * sizeof *y);
    status result = OK;
    bool draws[2] = {false, false};

    if (!y)
        return no_memory(w, n, p);
    for (int training = 0; training < 2 && result == OK; training++) {
        const struct work_verb forward = {.fn = w->item->layer->forward, .training = training == 1};

        w->in.stream = work_stream(spec, w, 2000);
        result = work_call(w, &forward, train->x, n, y, p);
        draws[training] = w->in.stream.position != 0;
    }
    *late = draws[1] && !draws[0];
    free(y);
    return result;
}

/* The transform, with its tensors, goes over to DATA. */
static void keep_late(struct data *data, struct work *w)
{
    const size_t n = w->item->layer->ntensors;
    struct late *late;

    data->late = mem_grow(data->late, data->nlate + 1, sizeof *data->late);
    late = &data->late[data->nlate++];
    *late = (struct late){.index = (size_t)w->index,
                          .in = data->x,
                          .out = w->plan.out,
                          .ntensors = n,
                          .tensor = mem_array(n, sizeof *late->tensor),
                          .tensor_n = mem_array(n, sizeof *late->tensor_n)};
    for (size_t k = 0; k < n; k++) {
        late->tensor[k] = w->tensor[k];
        late->tensor_n[k] = w->tensor[k] ? data_shape_size(&w->plan.tensor[k]) : 0;
        w->tensor[k] = NULL;
    }
}

static bool fits_follow(const struct spec *spec, size_t index)
{
    bool fits = false;

    for (size_t i = index + 1; i < spec->data.ntransforms; i++)
        fits |= spec->data.transforms[i].item->layer->fit != NULL;
    return fits;
}

/* ---- all ---------------------------------------------------------------------------- */

/* What the transforms have left of the training rows. */
struct training {
    float *before; /* as they were before the first late transform, or NULL */
    bool current;  /* what is in the data went through all transforms so far */
};

/* From the first late transform on, training rows are only transformed where a later
 * transform is fitted on them. */
static status begin_late(struct training *t, struct data *data, const struct spec *spec, const struct work *w,
                         struct problem *p)
{
    const struct rows *train = &data->split[SPLIT_TRAIN];

    t->current = fits_follow(spec, (size_t)w->index);
    if (!t->current)
        return OK;
    t->before = mem_try_aligned((size_t)train->n, (size_t)w->in_size * sizeof *t->before);
    if (!t->before)
        return problem_no_memory(p, WORK_SECTION, w->index, w->in.name, "a copy of the %lld training rows",
                                 (long long)train->n);
    memcpy(t->before, train->x, (size_t)train->n * (size_t)w->in_size * sizeof *t->before);
    return OK;
}

/* Rows and tensors are settled: fitted on the training rows, applied to all. */
static status fit_and_apply(struct work *w, struct data *data, const struct spec *spec, struct training *t,
                            struct problem *p)
{
    const fell_layer *layer = w->item->layer;
    const struct rows *train = &data->split[SPLIT_TRAIN];
    bool late = data->nlate > 0;
    status result = OK;

    if (layer->fit || (w->wide && layer->fit64)) {
        const struct work_verb fit = {.fn = w->wide ? layer->fit64 : layer->fit};

        w->in.stream = work_stream(spec, w, 0);
        result = work_call(w, &fit, w->wide ? (void *)train->wide : (void *)train->x, train->n, NULL, p);
    }
    if (result == OK && !late && !w->wide) {
        result = find_out_if_late(w, spec, train, &late, p);
        if (result == OK && late && data->nembedded)
            result = problem_set(p, WORK_SECTION, w->index, "",
                                 "%s: acts in training only, which cannot be beside the column '%s' that is "
                                 "embedded; the layer 'noise' can",
                                 w->in.name, data->embedded[0].name);
        if (result == OK && late)
            result = begin_late(t, data, spec, w, p);
    }
    for (enum split s = 0; s < SPLITS && result == OK; s++)
        if (data->split[s].n && (s != SPLIT_TRAIN || t->current))
            result = w->wide ? apply_wide(w, &data->split[s], s, p) : apply(w, spec, &data->split[s], s, p);
    if (result == OK)
        fitted_add(data, w);
    if (result == OK && late)
        keep_late(data, w);
    return result;
}

static status transform(struct data *data, const struct spec *spec, size_t index, struct training *t,
                        struct host_env *env, struct problem *p)
{
    const fell_layer *layer = spec->data.transforms[index].item->layer;
    struct work w = {.wide =
                         data->split[SPLIT_TRAIN].wide && layer->forward64 && (layer->fit64 || !layer->fit)};
    status result = w.wide ? OK : data_narrow(data, env, p);

    if (result != OK)
        return result;
    result = work_open(&w, data, spec, index, w.wide, env, p);
    if (result == OK && data->nlate > 0 && w.plan.indices)
        result = problem_set(p, WORK_SECTION, w.index, "",
                             "%s: takes whole numbers, so it cannot follow a transform that acts in training",
                             w.in.name);
    for (enum split s = 0; s < SPLITS && result == OK; s++)
        result = work_check_indices(&w, data->split[s].x, data->split[s].wide, data->split[s].n * w.in_size,
                                    0, s, p);
    if (result == OK && index == 0)
        result = work_check_gaps(data, spec, p);
    if (result == OK)
        result = fit_and_apply(&w, data, spec, t, p);
    if (result == OK)
        work_settle(data, &w);
    work_release(&w);
    return result;
}

status data_transforms(struct data *data, const struct spec *spec, size_t first, struct host_env *env,
                       struct problem *p)
{
    struct training t = {.current = true};
    status result = OK;

    for (size_t i = first; i < spec->data.ntransforms && result == OK; i++)
        result = transform(data, spec, i, &t, env, p);
    if (result == OK)
        result = data_narrow(data, env, p);
    if (t.before) {
        free(data->split[SPLIT_TRAIN].x);
        data->split[SPLIT_TRAIN].x = t.before;
    }
    return result;
}

/* ---- new rows ------------------------------------------------------------------------ */

/* What F says was fitted, into the tensors of W. */
static status take_fitted(struct work *w, const struct fitted *f, struct problem *p)
{
    const struct fitted_transform *t = &f->transform[w->index];
    bool same = strcmp(t->name, w->item->name) == 0 && t->ntensors == w->item->layer->ntensors;

    for (size_t k = 0; same && k < t->ntensors; k++) {
        same = t->n[k] == (w->tensor[k] ? data_shape_size(&w->plan.tensor[k]) : 0);
        for (int64_t i = 0; same && i < t->n[k]; i++) {
            w->tensor[k][i] = (float)t->tensor[k][i];
            if (w->wide)
                w->wide_tensor[k][i] = t->tensor[k][i];
        }
    }
    return same ? OK
                : problem_set(p, WORK_SECTION, w->index, "",
                              "%s: what was fitted is of another transform, or of other rows", w->in.name);
}

static status transform_again(struct data *data, const struct spec *spec, size_t index,
                              const struct fitted *f, struct host_env *env, struct problem *p)
{
    const fell_layer *layer = spec->data.transforms[index].item->layer;
    struct rows *r = &data->split[SPLIT_TEST];
    struct work w = {.wide = r->wide && layer->forward64 && f->transform[index].wide};
    status result = w.wide ? OK : data_narrow(data, env, p);

    if (result != OK)
        return result;
    result = work_open(&w, data, spec, index, w.wide, env, p);
    if (result == OK)
        result = work_check_indices(&w, r->x, r->wide, r->n * w.in_size, 0, SPLIT_TEST, p);
    if (result == OK)
        result = take_fitted(&w, f, p);
    if (result == OK)
        result = w.wide ? apply_wide(&w, r, SPLIT_TEST, p) : apply(&w, spec, r, SPLIT_TEST, p);
    if (result == OK)
        work_settle(data, &w);
    work_release(&w);
    return result;
}

status data_transforms_again(struct data *data, const struct spec *spec, const struct fitted *f,
                             fell_shape *shape, struct host_env *env, struct problem *p)
{
    status result = OK;

    if (f->ntransforms != spec->data.ntransforms)
        return problem_set(p, WORK_SECTION, 0, "", "there are %zu transforms, but %zu were fitted",
                           spec->data.ntransforms, f->ntransforms);
    for (size_t i = 0; i < spec->data.ntransforms && result == OK; i++) {
        if (shape)
            shape[i] = data->x;
        result = transform_again(data, spec, i, f, env, p);
    }
    if (shape)
        shape[spec->data.ntransforms] = data->x;
    return result == OK ? data_narrow(data, env, p) : FAILED;
}
