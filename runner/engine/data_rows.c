/* data_rows.c - rows out of an open dataset, and what is wrong with them. See data_parts.h.
 *
 * Every number is looked at here, once, so that the loops need not.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/data_parts.h"
#include "engine/net_at.h"

/* ROW [n] are the rows that were asked for; NULL: all in order. */
static int64_t row_number(const int64_t *row, int64_t i)
{
    return row ? row[i] : i;
}

static status check_finite(const struct dataset *d, const int64_t *row, const float *x, int64_t n,
                           int64_t size, const char *what, struct problem *p)
{
    int64_t at = data_first_nonfinite(d->in.env, x, n * size);

    if (at < 0)
        return OK;
    return problem_set(
        p, d->section, 0, "", "%s: row %lld, column %lld of the %s is not a finite number (%g)", d->in.name,
        (long long)(row_number(row, at / size) + 1), (long long)(at % size + 1), what, (double)x[at]);
}

static status settle_labels(const struct dataset *d, const int64_t *row, struct rows *r, struct problem *p)
{
    for (int64_t i = 0; i < r->n * d->target_size; i++) {
        int32_t label = r->label[i];

        if (label == -1 && d->no_class)
            continue;
        if (label < 0 || label >= d->info.nclasses)
            return problem_set(p, d->section, 0, "",
                               "%s: the label of row %lld is %d, outside the classes 0 to %lld", d->in.name,
                               (long long)(row_number(row, i / d->target_size) + 1), label,
                               (long long)d->info.nclasses - 1);
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

void rows_free(struct rows *r)
{
    free(r->x);
    free(r->wide);
    free(r->target);
    free(r->label);
    free(r->weight);
    free(r->source_row);
    *r = (struct rows){0};
}

static status narrow(struct data *data, enum split s, struct problem *p)
{
    struct rows *r = &data->split[s];
    const int64_t n = data->x_size;
    float *x = rows_alloc(r->n, n, sizeof *x);

    if (!x)
        return problem_no_memory(p, "data", 0, "", "the rows");
    for (int64_t i = 0; i < r->n * n; i++) {
        x[i] = (float)r->wide[i];
        if (isfinite(r->wide[i]) && !isfinite(x[i])) {
            problem_set(p, "data", 0, "", "row %lld, column %lld of the %s rows is %g, too large for a float",
                        (long long)(i / n + 1), (long long)(i % n + 1), split_name(s), r->wide[i]);
            free(x);
            return FAILED;
        }
    }
    free(r->wide);
    r->wide = NULL;
    r->x = x;
    return OK;
}

status data_narrow(struct data *data, const struct host_env *env, struct problem *p)
{
    const struct rows *train = &data->split[SPLIT_TRAIN];
    struct coarse coarse = {0};
    status result = OK;

    if (train->wide) {
        coarse_see(&coarse, train->wide, train->n, data->x_size);
        coarse_tell(&coarse, data->column, data->ncolumns, env);
    }

    for (enum split s = 0; s < SPLITS && result == OK; s++)
        result = data->split[s].wide ? narrow(data, s, p) : OK;
    return result;
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

static status too_large(const struct dataset *d, int64_t n, struct problem *p)
{
    return problem_no_memory(p, d->section, 0, d->in.name, "%lld rows of %lld numbers", (long long)n,
                             (long long)(d->x_size + d->target_size));
}

/* Inputs that are not finite; NaN stands for a missing value where a transform fills these, and is noted. N
 * rows from FIRST on, in X or, where it is NULL, in WIDE; NARROW: these become floats. */
static status check_inputs(const struct dataset *d, const int64_t *row, int64_t first, int64_t n,
                           const float *x, const double *wide, bool narrow, struct rows *out,
                           struct problem *p)
{
    const bool gaps = d->info.gaps && d->info.column;

    if (x && !gaps)
        return check_finite(d, row, x, n, d->x_size, "inputs", p);
    for (int64_t i = 0; i < n * d->x_size; i++) {
        const double v = x ? (double)x[i] : wide[i];

        out->gaps |= isnan(v);
        if (!(narrow ? isfinite((float)v) : isfinite(v)) && !(gaps && isnan(v)))
            return problem_set(p, d->section, 0, "", "%s: row %lld, column %lld of the inputs is %s (%g)",
                               d->in.name, (long long)(row_number(row, first + i / d->x_size) + 1),
                               (long long)(i % d->x_size + 1),
                               isfinite(v) ? "too large for a float" : "not a finite number", v);
    }
    return OK;
}

/* ---- doubles ---------------------------------------------------------------------------- */

status dataset_read_chunk(struct dataset *d, const int64_t *row, int64_t first, int64_t n, double *x,
                          float *target, int32_t *label, struct problem *p)
{
    int64_t counted[DATA_CHUNK];
    fell_read_call call = {.ctx = &d->in.ctx,
                           .settings = d->choice->settings,
                           .self = d->info.self,
                           .n = n,
                           .row = row ? row + first : counted,
                           .x64 = x,
                           .target = target,
                           .label = label};

    for (int64_t i = 0; i < n; i++)
        counted[i] = first + i;
    net_at(&d->in, "reading");
    if (d->choice->item->dataset->read(&call) != FELL_OK)
        return data_problem(p, d->section, 0, &d->in);
    instance_reset(&d->in);
    if (d->x_from)
        reorder(d, x, n, sizeof *x);
    return OK;
}

/* DONE rows are in OUT; N more follow, in BUFFER: floats, as long as these hold all of them or D has no use
 * for more. What D keeps no doubles of is left to be read again. */
static bool keep_wide(struct dataset *d, const double *buffer, int64_t done, int64_t n, bool narrow,
                      struct rows *out)
{
    if (!out->wide && !out->again && !narrow && !floats_hold(buffer, n * d->x_size)) {
        out->again = d->again && d->in.stream.position == 0;
        if (!out->again && !rows_widen(out, d->x_size))
            return false;
    }
    if (out->again) {
        free(out->x);
        out->x = NULL;
    } else if (out->wide) {
        memcpy(out->wide + done * d->x_size, buffer, (size_t)(n * d->x_size) * sizeof *buffer);
    } else {
        if (narrow)
            coarse_see(&d->coarse, buffer, n, d->x_size);
        for (int64_t i = 0; i < n * d->x_size; i++)
            out->x[done * d->x_size + i] = (float)buffer[i];
    }
    return true;
}

/* The rows of a plugin that gives doubles, chunk by chunk. */
static status read_doubles(struct dataset *d, const int64_t *row, bool narrow, struct rows *out,
                           struct problem *p)
{
    double *buffer = rows_alloc(out->n < DATA_CHUNK ? out->n : DATA_CHUNK, d->x_size, sizeof *buffer);
    status result = buffer ? OK : too_large(d, out->n, p);

    for (int64_t done = 0; done < out->n && result == OK; done += DATA_CHUNK) {
        const int64_t n = out->n - done < DATA_CHUNK ? out->n - done : DATA_CHUNK;

        result = dataset_read_chunk(d, row, done, n, buffer,
                                    out->target ? out->target + done * d->target_size : NULL,
                                    out->label ? out->label + done * d->target_size : NULL, p);
        if (result == OK)
            result = check_inputs(d, row, done, n, NULL, buffer, narrow, out, p);
        if (result == OK && !keep_wide(d, buffer, done, n, narrow, out))
            result = too_large(d, out->n, p);
    }
    free(buffer);
    if (result == OK && out->again && d->in.stream.position != 0)
        result = problem_set(
            p, d->section, 0, "",
            "%s: the plugin draws random numbers while it reads, so %lld rows of doubles, which are "
            "too many to keep, cannot be read again",
            d->in.name, (long long)out->n);
    return result;
}

/* The rows of a plugin that gives floats, all at once. */
static status read_floats(struct dataset *d, const int64_t *row, struct rows *out, struct problem *p)
{
    int64_t *all = row ? NULL : data_count(out->n);
    fell_read_call call = {.ctx = &d->in.ctx,
                           .settings = d->choice->settings,
                           .self = d->info.self,
                           .n = out->n,
                           .row = row ? row : all,
                           .x = out->x,
                           .target = out->target,
                           .label = out->label};
    status result = OK;

    if (!call.row)
        return too_large(d, out->n, p);
    net_at(&d->in, "reading");
    if (d->choice->item->dataset->read(&call) != FELL_OK)
        result = data_problem(p, d->section, 0, &d->in);
    else
        instance_reset(&d->in);
    free(all);
    if (result == OK && d->x_from)
        reorder(d, out->x, out->n, sizeof *out->x);
    return result == OK ? check_inputs(d, row, 0, out->n, out->x, NULL, true, out, p) : FAILED;
}

status dataset_read(struct dataset *d, const int64_t *row, int64_t n, bool narrow, struct rows *out,
                    struct problem *p)
{
    const bool classes = d->info.is == FELL_CLASSES;

    out->n = n;
    out->x = rows_alloc(n, d->x_size, sizeof *out->x);
    if (classes)
        out->label = rows_alloc(n, d->target_size, sizeof *out->label);
    else
        out->target = rows_alloc(n, d->target_size, sizeof *out->target);
    if (!out->x || !(classes ? (void *)out->label : (void *)out->target))
        return too_large(d, n, p);
    if ((d->info.doubles ? read_doubles(d, row, narrow || d->narrow, out, p) : read_floats(d, row, out, p)) !=
        OK)
        return FAILED;
    return classes ? settle_labels(d, row, out, p)
                   : check_finite(d, row, out->target, n, d->target_size, "targets", p);
}

bool rows_agree(struct data *data)
{
    bool wide = false, again = false;

    for (enum split s = 0; s < SPLITS; s++) {
        wide |= data->split[s].wide != NULL;
        again |= data->split[s].again;
    }
    for (enum split s = 0; s < SPLITS; s++) {
        struct rows *r = &data->split[s];

        if (again && r->n) {
            free(r->x);
            free(r->wide);
            r->x = NULL;
            r->wide = NULL;
            r->again = true;
        } else if (wide && r->n && !r->wide && !rows_widen(r, data->x_size)) {
            return false;
        }
    }
    return true;
}
