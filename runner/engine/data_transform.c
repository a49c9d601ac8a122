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
#include "engine/data_parts.h"
#include "engine/init.h"
#include "engine/net_at.h"

enum {
    CHUNK = 1024, /* rows; a multiple of 16, so that every chunk stays aligned */
    PROBED = 16   /* rows that tell whether a transform draws */
};

#define SECTION "data.transforms"

/* One transform at work. */
struct work {
    const struct item *item;
    int index; /* in the spec */
    struct instance in;
    fell_plan plan;
    int64_t in_size, out_size;
    float **tensor;       /* [ntensors] */
    float **none;         /* [ntensors] of NULL: there are no gradients */
    bool wide;            /* rows and tensors are doubles */
    double **wide_tensor; /* [ntensors] */
    fell_column *column;  /* [data->ncolumns] of the rows that come out */
};

/* Streams of transforms are told from those of datasets by their instance. */
static struct rng_stream stream_of(const struct spec *spec, const struct work *w, uint64_t step)
{
    return rng_stream(spec->seed, RNG_DATA, (uint32_t)(1000 + w->index), step);
}

static status make_plan(struct work *w, const struct data *data, const struct choice *choice,
                        struct problem *p)
{
    const fell_layer *layer = w->item->layer;
    char text[96];

    w->column = mem_array((size_t)data->ncolumns + 1, sizeof *w->column);
    for (int64_t k = 0; k < data->ncolumns; k++)
        w->column[k] = data->column[k];
    if (layer->min_inputs > 1)
        return problem_set(p, SECTION, w->index, "", "%s: takes %u inputs; a transform has one", w->in.name,
                           layer->min_inputs);
    w->plan =
        (fell_plan){.ctx = &w->in.ctx,
                    .settings = choice->settings,
                    .nin = 1,
                    .max_batch = data->split[SPLIT_TRAIN].n > CHUNK ? data->split[SPLIT_TRAIN].n : CHUNK,
                    .in = &data->x,
                    .tensor = mem_array(layer->ntensors, sizeof(fell_shape)),
                    .column = data->column,
                    .ncolumns = data->ncolumns,
                    .out_column = w->column};
    net_at(&w->in, "plan");
    if (layer->plan(&w->plan) != FELL_OK)
        return data_problem(p, SECTION, w->index, &w->in);
    instance_reset(&w->in);
    w->in_size = data->x_size;
    w->out_size = data_shape_size(&w->plan.out);
    if (!w->out_size)
        return problem_set(p, SECTION, w->index, "", "%s: turns rows of shape %s into nothing", w->in.name,
                           data_shape_text(&data->x, text));
    return OK;
}

static status make_tensors(struct work *w, const struct spec *spec, struct host_env *env, struct problem *p)
{
    const fell_layer *layer = w->item->layer;

    w->tensor = mem_array(layer->ntensors, sizeof *w->tensor);
    w->none = mem_array(layer->ntensors, sizeof *w->none);
    for (size_t k = 0; k < layer->ntensors; k++) {
        const fell_tensor *t = &layer->tensors[k];
        struct init_request request = {
            .text = t->init, .shape = w->plan.tensor[k], .stream = stream_of(spec, w, k + 1)};
        struct error err;
        char setting[64], *who;
        status result;

        if (!w->plan.tensor[k].rank)
            continue;
        request.n = data_shape_size(&request.shape);
        w->tensor[k] = request.n ? mem_try_aligned((size_t)request.n, sizeof(float)) : NULL;
        if (!w->tensor[k])
            return problem_set(p, SECTION, w->index, "", "%s: its '%s' does not fit into memory", w->in.name,
                               t->name);
        if (!t->init)
            continue;
        init_fans(&request.shape, &request.fan_in, &request.fan_out);
        request.who = who = mem_format("%s.%s", w->in.name, t->name);
        result = init_fill(&request, env, w->tensor[k], setting, &err);
        free(who);
        if (result != OK)
            return problem_set(p, SECTION, w->index, "", "%.2000s", err.text);
    }
    return OK;
}

/* The tensors as doubles. */
static status widen_tensors(struct work *w, struct problem *p)
{
    const fell_layer *layer = w->item->layer;

    w->wide_tensor = mem_array(layer->ntensors, sizeof *w->wide_tensor);
    for (size_t k = 0; k < layer->ntensors; k++) {
        const int64_t n = w->tensor[k] ? data_shape_size(&w->plan.tensor[k]) : 0;

        if (!n)
            continue;
        w->wide_tensor[k] = mem_try_aligned((size_t)n, sizeof(double));
        if (!w->wide_tensor[k])
            return problem_set(p, SECTION, w->index, "", "%s: its '%s' does not fit into memory", w->in.name,
                               layer->tensors[k].name);
        for (int64_t i = 0; i < n; i++)
            w->wide_tensor[k][i] = (double)w->tensor[k][i];
    }
    return OK;
}

/* A call of forward64 or fit64 on B rows from X. */
static status call_wide(struct work *w, const struct choice *choice, fell_status (*fn)(fell_layer_call *),
                        const double *x, int64_t batch, double *y, struct problem *p)
{
    fell_layer_call c = {.ctx = &w->in.ctx,
                         .settings = choice->settings,
                         .plan = &w->plan,
                         .batch = batch,
                         .tensor = w->tensor,
                         .grad = w->none,
                         .x64 = x,
                         .y64 = y,
                         .tensor64 = w->wide_tensor};

    net_at(&w->in, fn == w->item->layer->fit64 ? "fit" : "forward");
    if (fn(&c) != FELL_OK)
        return data_problem(p, SECTION, w->index, &w->in);
    instance_reset(&w->in);
    return OK;
}

/* A call of forward or fit on B rows from X. */
static status call(struct work *w, const struct choice *choice, fell_status (*fn)(fell_layer_call *),
                   bool training, const float *x, int64_t batch, float *y, struct problem *p)
{
    const float *inputs[1] = {x};
    float *no_input_gradient[1] = {NULL};
    fell_layer_call c = {.ctx = &w->in.ctx,
                         .settings = choice->settings,
                         .plan = &w->plan,
                         .batch = batch,
                         .training = training,
                         .x = inputs,
                         .y = y,
                         .dx = no_input_gradient,
                         .tensor = w->tensor,
                         .grad = w->none};

    net_at(&w->in, fn == w->item->layer->fit ? "fit" : "forward");
    if (fn(&c) != FELL_OK)
        return data_problem(p, SECTION, w->index, &w->in);
    instance_reset(&w->in);
    return OK;
}

/* A layer that takes whole numbers below plan.indices relies on the host's check. */
static status check_indices(const struct work *w, const struct rows *r, enum split s, struct problem *p)
{
    if (!w->plan.indices)
        return OK;
    for (int64_t i = 0; i < r->n * w->in_size; i++) {
        const double v = r->wide ? r->wide[i] : (double)r->x[i];

        if (!(v >= 0 && v < (double)w->plan.indices && v == floor(v)))
            return problem_set(
                p, SECTION, w->index, "",
                "%s: row %lld, column %lld of the %s rows is %g, not a whole number from 0 to %lld",
                w->in.name, (long long)(i / w->in_size + 1), (long long)(i % w->in_size + 1), split_name(s),
                v, (long long)w->plan.indices - 1);
    }
    return OK;
}

static status not_finite(const struct work *w, enum split s, int64_t at, double v, struct problem *p)
{
    return problem_set(p, SECTION, w->index, "", "%s: makes row %lld, column %lld of the %s rows %g",
                       w->in.name, (long long)(at / w->out_size + 1), (long long)(at % w->out_size + 1),
                       split_name(s), v);
}

/* All rows of a split. What does not grow is written over what was read: chunk by chunk the
 * result stays behind the rows that are still to come. */
static status apply(struct work *w, const struct choice *choice, const struct spec *spec, struct rows *r,
                    enum split s, struct problem *p)
{
    bool grows = w->out_size > w->in_size;
    size_t size, chunk_rows = r->n < CHUNK ? (size_t)r->n : CHUNK;
    float *to = NULL, *y = NULL;
    status result = FAILED;
    int64_t at;

    if (mem_mul(grows ? (size_t)r->n : chunk_rows, (size_t)w->out_size, &size))
        y = mem_try_aligned(size, sizeof *y);
    if (!y) {
        problem_set(p, SECTION, w->index, "", "%s: %lld rows of %lld numbers do not fit into memory",
                    w->in.name, (long long)r->n, (long long)w->out_size);
        goto out;
    }
    to = grows ? y : r->x;
    w->in.stream = stream_of(spec, w, 1000 + (uint64_t)s);
    for (int64_t i = 0; i < r->n; i += CHUNK) {
        int64_t n = r->n - i < CHUNK ? r->n - i : CHUNK;
        float *out = grows ? y + i * w->out_size : y;

        if (call(w, choice, w->item->layer->forward, false, r->x + i * w->in_size, n, out, p) != OK)
            goto out;
        if (!grows)
            memcpy(to + i * w->out_size, y, (size_t)(n * w->out_size) * sizeof *y);
    }
    at = data_first_nonfinite(w->in.env, to, r->n * w->out_size);
    if (at >= 0) {
        not_finite(w, s, at, (double)to[at], p);
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
static status apply_wide(struct work *w, const struct choice *choice, struct rows *r, enum split s,
                         struct problem *p)
{
    double *y = NULL;
    size_t size;

    if (mem_mul((size_t)r->n, (size_t)w->out_size, &size))
        y = mem_try_aligned(size, sizeof *y);
    if (!y)
        return problem_set(p, SECTION, w->index, "", "%s: %lld rows of %lld numbers do not fit into memory",
                           w->in.name, (long long)r->n, (long long)w->out_size);
    for (int64_t i = 0; i < r->n; i += CHUNK) {
        const int64_t n = r->n - i < CHUNK ? r->n - i : CHUNK;

        if (call_wide(w, choice, w->item->layer->forward64, r->wide + i * w->in_size, n, y + i * w->out_size,
                      p) != OK) {
            free(y);
            return FAILED;
        }
    }
    free(r->wide);
    r->wide = y;
    for (int64_t i = 0; i < r->n * w->out_size; i++)
        if (!isfinite((float)y[i]))
            return not_finite(w, s, i, y[i], p);
    return OK;
}

/* ---- transforms that act in training only ------------------------------------------ */

/* Whether it draws random numbers for training rows, and none in evaluation. */
static status find_out_if_late(struct work *w, const struct choice *choice, const struct spec *spec,
                               const struct rows *train, bool *late, struct problem *p)
{
    const int64_t n = train->n < PROBED ? train->n : PROBED;
    float *y = mem_try_aligned((size_t)n, (size_t)w->out_size * sizeof *y);
    status result = OK;
    bool draws[2] = {false, false};

    if (!y)
        return problem_set(p, SECTION, w->index, "", "%s: %lld rows of %lld numbers do not fit into memory",
                           w->in.name, (long long)n, (long long)w->out_size);
    for (int training = 0; training < 2 && result == OK; training++) {
        w->in.stream = stream_of(spec, w, 2000);
        result = call(w, choice, w->item->layer->forward, training == 1, train->x, n, y, p);
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

static void work_release(struct work *w)
{
    for (size_t k = 0; w->tensor && k < w->item->layer->ntensors; k++)
        free(w->tensor[k]);
    for (size_t k = 0; w->wide_tensor && k < w->item->layer->ntensors; k++)
        free(w->wide_tensor[k]);
    free(w->tensor);
    free(w->wide_tensor);
    free(w->column);
    free(w->none);
    free(w->plan.tensor);
    instance_release(&w->in);
}

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
        return problem_set(p, SECTION, w->index, "",
                           "%s: a copy of the %lld training rows does not fit into memory", w->in.name,
                           (long long)train->n);
    memcpy(t->before, train->x, (size_t)train->n * (size_t)w->in_size * sizeof *t->before);
    return OK;
}

static bool has_gaps(const struct data *data)
{
    for (enum split s = 0; s < SPLITS; s++) {
        const struct rows *r = &data->split[s];

        for (int64_t i = 0; i < r->n * data->x_size; i++)
            if (r->wide ? isnan(r->wide[i]) : isnan(r->x[i]))
                return true;
    }
    return false;
}

/* All splits as floats. */
static status narrow(struct data *data, struct problem *p)
{
    for (enum split s = 0; s < SPLITS; s++)
        if (data->split[s].wide && !rows_narrow(&data->split[s], data->x_size))
            return problem_set(p, "data", 0, "", "the rows do not fit into memory");
    return OK;
}

/* Rows and tensors are settled: fitted on the training rows, applied to all. */
static status fit_and_apply(struct work *w, struct data *data, const struct spec *spec, struct training *t,
                            struct problem *p)
{
    const struct choice *choice = &spec->data.transforms[w->index];
    const fell_layer *layer = w->item->layer;
    const struct rows *train = &data->split[SPLIT_TRAIN];
    bool late = data->nlate > 0;
    status result = OK;

    if (layer->fit || (w->wide && layer->fit64)) {
        w->in.stream = stream_of(spec, w, 0);
        result = w->wide ? call_wide(w, choice, layer->fit64, train->wide, train->n, NULL, p)
                         : call(w, choice, layer->fit, false, train->x, train->n, NULL, p);
    }
    if (result == OK && !late && !w->wide) {
        result = find_out_if_late(w, choice, spec, train, &late, p);
        if (result == OK && late)
            result = begin_late(t, data, spec, w, p);
    }
    for (enum split s = 0; s < SPLITS && result == OK; s++)
        if (data->split[s].n && (s != SPLIT_TRAIN || t->current))
            result = w->wide ? apply_wide(w, choice, &data->split[s], s, p)
                             : apply(w, choice, spec, &data->split[s], s, p);
    if (result == OK && late)
        keep_late(data, w);
    return result;
}

/* The columns that come out of a transform, where these are still those of a table. */
static void keep_columns(struct data *data, struct work *w)
{
    int64_t width = 0;

    for (int64_t k = 0; k < data->ncolumns; k++)
        width += w->column[k].width;
    if (width != w->out_size) {
        data->ncolumns = 0;
        return;
    }
    for (int64_t k = 0; k < data->ncolumns; k++)
        data->column[k] = w->column[k];
}

static status transform(struct data *data, const struct spec *spec, size_t index, struct training *t,
                        struct host_env *env, struct problem *p)
{
    const struct choice *choice = &spec->data.transforms[index];
    const fell_layer *layer = choice->item->layer;
    struct work w = {.item = choice->item, .index = (int)index};
    status result = OK;

    instance_init(&w.in, choice->item, choice->item->name, env);
    w.wide = data->split[SPLIT_TRAIN].wide && layer->forward64 && (layer->fit64 || !layer->fit);
    if (!w.wide)
        result = narrow(data, p);
    if (result == OK)
        result = make_plan(&w, data, choice, p);
    if (result == OK)
        result = make_tensors(&w, spec, env, p);
    if (result == OK && w.wide)
        result = widen_tensors(&w, p);
    if (result == OK && data->nlate > 0 && w.plan.indices)
        result = problem_set(p, SECTION, w.index, "",
                             "%s: takes whole numbers, so it cannot follow a transform that acts in training",
                             w.in.name);
    for (enum split s = 0; s < SPLITS && result == OK; s++)
        result = check_indices(&w, &data->split[s], s, p);
    if (result == OK && index == 0 && !layer->gaps && has_gaps(data))
        result = problem_set(p, SECTION, 0, "",
                             "%s: values are missing; the transform that fills them comes first", w.in.name);
    if (result == OK)
        result = fit_and_apply(&w, data, spec, t, p);
    if (result == OK) {
        keep_columns(data, &w);
        data->x = w.plan.out;
        data->x_size = w.out_size;
    }
    work_release(&w);
    return result;
}

status data_transforms(struct data *data, const struct spec *spec, struct host_env *env, struct problem *p)
{
    struct training t = {.current = true};
    status result = OK;

    for (size_t i = 0; i < spec->data.ntransforms && result == OK; i++)
        result = transform(data, spec, i, &t, env, p);
    if (result == OK)
        result = narrow(data, p);
    if (t.before) {
        free(data->split[SPLIT_TRAIN].x);
        data->split[SPLIT_TRAIN].x = t.before;
    }
    return result;
}
