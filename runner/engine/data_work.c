/* data_work.c - see data_work.h. */
#include "engine/data_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/init.h"
#include "engine/net_at.h"

struct rng_stream work_stream(const struct spec *spec, const struct work *w, uint64_t step)
{
    return rng_stream(spec->seed, RNG_DATA, (uint32_t)(1000 + w->index), step);
}

/* What goes in: all of a row but the columns that are embedded, unless gaps in them are to be filled. */
static status make_from(struct work *w, const struct data *data, struct problem *p)
{
    w->from = data->x;
    w->parked = w->item->layer->gaps ? 0 : data->nembedded;
    if (!w->parked)
        return OK;
    w->from = fell_vec(data->x_size - w->parked);
    return w->from.dim[0] ? OK
                          : problem_set(p, WORK_SECTION, w->index, "",
                                        "%s: has nothing to do: all columns are embedded", w->in.name);
}

static status make_plan(struct work *w, const struct data *data, struct problem *p)
{
    const fell_layer *layer = w->item->layer;
    char text[96];

    if (make_from(w, data, p) != OK)
        return FAILED;
    w->taken = mem_array((size_t)data->ncolumns + 1, sizeof *w->taken);
    w->column = mem_array((size_t)data->ncolumns + 1, sizeof *w->column);
    for (int64_t k = 0; k < data->ncolumns; k++)
        w->taken[k] = w->column[k] = data->column[k];
    if (layer->min_inputs > 1)
        return problem_set(p, WORK_SECTION, w->index, "", "%s: takes %u inputs; a transform has one",
                           w->in.name, layer->min_inputs);
    w->plan = (fell_plan){.ctx = &w->in.ctx,
                          .settings = w->choice->settings,
                          .nin = 1,
                          .max_batch = data->split[SPLIT_TRAIN].n > DATA_CHUNK ? data->split[SPLIT_TRAIN].n
                                                                               : DATA_CHUNK,
                          .in = &w->from,
                          .tensor = mem_array(layer->ntensors, sizeof(fell_shape)),
                          .column = w->taken,
                          .ncolumns = data->ncolumns ? data->ncolumns - w->parked : 0,
                          .out_column = w->column};
    net_at(&w->in, "plan");
    if (layer->plan(&w->plan) != FELL_OK)
        return data_problem(p, WORK_SECTION, w->index, &w->in);
    instance_reset(&w->in);
    w->in_size = data->x_size;
    w->out_size = data_shape_size(&w->plan.out);
    if (!w->out_size)
        return problem_set(p, WORK_SECTION, w->index, "", "%s: turns rows of shape %s into nothing",
                           w->in.name, data_shape_text(&data->x, text));
    if (data->nembedded && w->plan.out.rank != 1)
        return problem_set(p, WORK_SECTION, w->index, "",
                           "%s: makes rows of shape %s, beside which no column can be embedded", w->in.name,
                           data_shape_text(&w->plan.out, text));
    w->out_size += w->parked;
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
            .text = t->init, .shape = w->plan.tensor[k], .stream = work_stream(spec, w, k + 1)};
        struct error err;
        char setting[64], *who;
        status result;

        if (!w->plan.tensor[k].rank)
            continue;
        request.n = data_shape_size(&request.shape);
        w->tensor[k] = request.n ? mem_try_aligned((size_t)request.n, sizeof(float)) : NULL;
        if (!w->tensor[k])
            return problem_no_memory(p, WORK_SECTION, w->index, w->in.name, "its '%s'", t->name);
        if (!t->init)
            continue;
        init_fans(&request.shape, &request.fan_in, &request.fan_out);
        request.who = who = mem_format("%s.%s", w->in.name, t->name);
        result = init_fill(&request, env, w->tensor[k], setting, &err);
        free(who);
        if (result != OK)
            return problem_set(p, WORK_SECTION, w->index, "", "%.2000s", err.text);
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
            return problem_no_memory(p, WORK_SECTION, w->index, w->in.name, "its '%s'",
                                     layer->tensors[k].name);
        for (int64_t i = 0; i < n; i++)
            w->wide_tensor[k][i] = (double)w->tensor[k][i];
    }
    return OK;
}

status work_open(struct work *w, struct data *data, const struct spec *spec, size_t index, bool wide,
                 struct host_env *env, struct problem *p)
{
    const struct choice *choice = &spec->data.transforms[index];

    *w = (struct work){.choice = choice, .item = choice->item, .index = (int)index, .wide = wide};
    instance_init(&w->in, choice->item, choice->item->name, env);
    if (make_plan(w, data, p) != OK || make_tensors(w, spec, env, p) != OK)
        return FAILED;
    return wide ? widen_tensors(w, p) : OK;
}

/* ---- calls ------------------------------------------------------------------------------ */

static status call(struct work *w, const struct work_verb *verb, const void *x, int64_t batch, void *y,
                   struct problem *p)
{
    const float *inputs[1] = {w->wide ? NULL : x};
    float *no_input_gradient[1] = {NULL};
    fell_layer_call c = {.ctx = &w->in.ctx,
                         .settings = w->choice->settings,
                         .plan = &w->plan,
                         .batch = batch,
                         .training = verb->training,
                         .x = w->wide ? NULL : inputs,
                         .y = w->wide ? NULL : y,
                         .dx = w->wide ? NULL : no_input_gradient,
                         .tensor = w->tensor,
                         .grad = w->none,
                         .x64 = w->wide ? x : NULL,
                         .y64 = w->wide ? y : NULL,
                         .tensor64 = w->wide_tensor};

    net_at(&w->in, y ? "forward" : "fit");
    if ((verb->part ? w->item->layer->fit_part(&c, verb->part) : verb->fn(&c)) != FELL_OK)
        return data_problem(p, WORK_SECTION, w->index, &w->in);
    instance_reset(&w->in);
    return OK;
}

/* Elements of SIZE bytes: N of each row at FROM, which holds ROW of them, to the rows of TO. */
static void copy_rows(void *to, int64_t to_row, const void *from, int64_t from_row, int64_t n, int64_t batch,
                      size_t size)
{
    for (int64_t i = 0; i < batch; i++)
        memcpy((char *)to + (size_t)(i * to_row) * size, (const char *)from + (size_t)(i * from_row) * size,
               (size_t)n * size);
}

/* Room for rows without what is parked, of X and of Y; element SIZE. False: out of memory. */
static bool park(const struct work *w, int64_t batch, bool has_y, size_t size, void **x, void **y)
{
    const size_t in = (size_t)(w->in_size - w->parked) * size, out = (size_t)(w->out_size - w->parked) * size;

    *x = mem_try_aligned((size_t)batch, in);
    *y = has_y ? mem_try_aligned((size_t)batch, out) : NULL;
    return *x && (*y || !has_y);
}

/* What came out, and behind it what was parked. */
static void unpark(const struct work *w, const void *x, int64_t batch, const void *inner, void *y,
                   size_t size)
{
    const int64_t in = w->in_size - w->parked, out = w->out_size - w->parked;

    copy_rows(y, w->out_size, inner, out, out, batch, size);
    copy_rows((char *)y + (size_t)out * size, w->out_size, (const char *)x + (size_t)in * size, w->in_size,
              w->parked, batch, size);
}

status work_call(struct work *w, const struct work_verb *verb, const void *x, int64_t batch, void *y,
                 struct problem *p)
{
    const size_t size = w->wide ? sizeof(double) : sizeof(float);
    const int64_t in = w->in_size - w->parked;
    void *inner_x, *inner_y;
    status result;

    if (!w->parked)
        return call(w, verb, x, batch, y, p);
    if (park(w, batch, y != NULL, size, &inner_x, &inner_y)) {
        copy_rows(inner_x, in, x, w->in_size, in, batch, size);
        result = call(w, verb, inner_x, batch, inner_y, p);
    } else {
        result =
            problem_no_memory(p, WORK_SECTION, w->index, w->in.name, "a copy of %lld rows", (long long)batch);
    }
    if (result == OK && y)
        unpark(w, x, batch, inner_y, y, size);
    free(inner_x);
    free(inner_y);
    return result;
}

status work_check_indices(const struct work *w, const float *x, const double *wide, int64_t n, int64_t first,
                          enum split s, struct problem *p)
{
    for (int64_t i = 0; w->plan.indices && i < n; i++) {
        const double v = x ? (double)x[i] : wide[i];

        if (i % w->in_size < w->in_size - w->parked &&
            !(v >= 0 && v < (double)w->plan.indices && v == floor(v)))
            return problem_set(
                p, WORK_SECTION, w->index, "",
                "%s: row %lld, column %lld of the %s rows is %g, not a whole number from 0 to %lld",
                w->in.name, (long long)(first + i / w->in_size + 1), (long long)(i % w->in_size + 1),
                split_name(s), v, (long long)w->plan.indices - 1);
    }
    return OK;
}

status work_not_finite(const struct work *w, enum split s, int64_t at, double v, struct problem *p)
{
    return problem_set(p, WORK_SECTION, w->index, "", "%s: makes row %lld, column %lld of the %s rows %g",
                       w->in.name, (long long)(at / w->out_size + 1), (long long)(at % w->out_size + 1),
                       split_name(s), v);
}

void work_release(struct work *w)
{
    for (size_t k = 0; w->tensor && k < w->item->layer->ntensors; k++)
        free(w->tensor[k]);
    for (size_t k = 0; w->wide_tensor && k < w->item->layer->ntensors; k++)
        free(w->wide_tensor[k]);
    free(w->tensor);
    free(w->wide_tensor);
    free(w->taken);
    free(w->column);
    free(w->none);
    free(w->plan.tensor);
    instance_release(&w->in);
}

void work_settle(struct data *data, struct work *w)
{
    int64_t width = 0;

    data->x = w->parked ? fell_vec(w->out_size) : w->plan.out;
    data->x_size = w->out_size;
    embedded_follow(data, w->column, data->ncolumns);
    for (int64_t k = 0; k < data->ncolumns; k++)
        width += w->column[k].width;
    if (width != w->out_size)
        data->ncolumns = 0;
    for (int64_t k = 0; k < data->ncolumns; k++) {
        data->column[k] = w->column[k];
        if (k >= data->ncolumns - w->parked)
            data->column[k].at = w->out_size - (data->ncolumns - k);
    }
}

status work_check_gaps(const struct data *data, const struct spec *spec, struct problem *p)
{
    const struct item *first = spec->data.transforms[0].item;

    for (enum split s = 0; s < SPLITS; s++)
        if (data->split[s].gaps && !first->layer->gaps)
            return problem_set(p, WORK_SECTION, 0, "",
                               "%s: values are missing; the transform that fills them comes first",
                               first->name);
    return OK;
}
