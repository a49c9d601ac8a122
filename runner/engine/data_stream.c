/* data_stream.c - rows of doubles that are too many to be kept: read again for each transform that is fitted
 * to them, and once more to become floats. See data_parts.h.
 *
 * The floats, and what transforms keep of the rows, are all that is in memory beside a chunk of them. Nothing
 * is rounded otherwise than in data_transform.c, and sums are made in the same order: the bits are the same.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_work.h"

int64_t data_kept_doubles = (int64_t)256 << 20;

/* The transforms that take doubles, up to the first that does not. */
static size_t prefix(const struct spec *spec)
{
    size_t n = 0;

    for (; n < spec->data.ntransforms; n++) {
        const fell_layer *layer = spec->data.transforms[n].item->layer;

        if (!layer->forward64 || (layer->fit && !layer->fit64))
            break;
    }
    return n;
}

void data_stream_settle(const struct spec *spec, struct dataset set[SPLITS])
{
    const size_t n = prefix(spec);
    double bytes = 0.0;
    bool again = true;

    for (size_t i = 0; i < n; i++) {
        const fell_layer *layer = spec->data.transforms[i].item->layer;

        again &= layer->fit_part != NULL || !layer->fit64;
    }
    for (enum split s = 0; s < SPLITS; s++) {
        bytes += (double)set[s].info.rows * (double)set[s].x_size * sizeof(double);
        again &= set[s].info.doubles || !set[s].open;
    }
    for (enum split s = 0; s < SPLITS; s++) {
        set[s].narrow = n == 0;
        set[s].again = again && bytes > (double)data_kept_doubles;
    }
}

/* ---- rows on their way ---------------------------------------------------------------- */

/* What a chunk goes through. */
struct stream {
    struct data *data;
    struct dataset *set; /* [SPLITS] */
    struct work *work;   /* [n] the transforms that are fitted already, and the next */
    size_t n;
    int64_t width;
    double *buffer[2]; /* [DATA_CHUNK, width] */
    float *target;     /* [DATA_CHUNK, target_size] and the next: what plugins say a second time */
    int32_t *label;
    struct problem *p;
};

static status no_memory(const struct stream *t, int64_t width)
{
    return problem_no_memory(t->p, "data", 0, "", "%d rows of %lld numbers", DATA_CHUNK, (long long)width);
}

static status make_room(struct stream *t, int64_t width)
{
    for (int i = 0; i < 2 && width > t->width; i++) {
        free(t->buffer[i]);
        t->buffer[i] = mem_try_aligned((size_t)width, DATA_CHUNK * sizeof(double));
        if (!t->buffer[i])
            return no_memory(t, width);
    }
    t->width = width > t->width ? width : t->width;
    return OK;
}

static int64_t chunk_rows(const struct rows *r, int64_t first)
{
    return r->n - first < DATA_CHUNK ? r->n - first : DATA_CHUNK;
}

/* The chunk of split S that begins with row FIRST, through the first N transforms; *OUT: where it is. */
static status pass_chunk(struct stream *t, enum split s, int64_t first, size_t n, const double **out)
{
    const struct rows *r = &t->data->split[s];
    struct dataset *d = t->set[s].open ? &t->set[s] : &t->set[SPLIT_TRAIN];
    const int64_t rows = chunk_rows(r, first);
    int at = 0;

    if (dataset_read_chunk(d, r->source_row, first, rows, t->buffer[0], t->target, t->label, t->p) != OK)
        return FAILED;
    for (size_t i = 0; i < n; i++, at = !at) {
        struct work *w = &t->work[i];
        const struct work_verb forward = {.fn = w->item->layer->forward64};
        double *y = t->buffer[!at];

        if (work_check_indices(w, NULL, t->buffer[at], rows * w->in_size, first, s, t->p) != OK ||
            work_call(w, &forward, t->buffer[at], rows, y, t->p) != OK)
            return FAILED;
        for (int64_t k = 0; k < rows * w->out_size; k++)
            if (!isfinite((float)y[k]))
                return work_not_finite(w, s, first * w->out_size + k, y[k], t->p);
    }
    *out = t->buffer[at];
    return OK;
}

/* Transform I is fitted to the training rows, which have those before it behind them. */
static status fit(struct stream *t, size_t i)
{
    struct work *w = &t->work[i];
    const struct rows *train = &t->data->split[SPLIT_TRAIN];
    fell_fit_part part = {.rows = train->n};
    const struct work_verb fit_part = {.part = &part};
    status result = OK;

    part.kept = mem_array((size_t)w->plan.fit_kept + 1, sizeof *part.kept);
    for (part.pass = 0; part.pass < w->plan.fit_passes && result == OK; part.pass++)
        for (part.row = 0; part.row < train->n && result == OK; part.row += DATA_CHUNK) {
            const int64_t n = chunk_rows(train, part.row);
            const double *x = NULL;

            result = pass_chunk(t, SPLIT_TRAIN, part.row, i, &x);
            if (result == OK)
                result = work_check_indices(w, NULL, x, n * w->in_size, part.row, SPLIT_TRAIN, t->p);
            if (result == OK)
                result = work_call(w, &fit_part, x, n, NULL, t->p);
        }
    free(part.kept);
    return result;
}

/* All rows of a split as floats, behind all transforms. */
static status settle(struct stream *t, enum split s, const struct host_env *env)
{
    struct coarse coarse = {0};
    struct rows *r = &t->data->split[s];
    const int64_t width = t->data->x_size;
    size_t size;

    r->x = mem_mul((size_t)r->n, (size_t)width, &size) ? mem_try_aligned(size, sizeof *r->x) : NULL;
    if (!r->x)
        return problem_no_memory(t->p, "data", 0, "", "%lld rows of %lld numbers", (long long)r->n,
                                 (long long)width);
    for (int64_t first = 0; first < r->n; first += DATA_CHUNK) {
        const int64_t n = chunk_rows(r, first) * width;
        const double *x = NULL;

        if (pass_chunk(t, s, first, t->n, &x) != OK) {
            coarse_release(&coarse);
            return FAILED;
        }
        if (s == SPLIT_TRAIN)
            coarse_see(&coarse, x, chunk_rows(r, first), width);
        for (int64_t k = 0; k < n; k++)
            r->x[first * width + k] = (float)x[k];
    }
    coarse_tell(&coarse, t->data->column, t->data->ncolumns, env);
    r->again = false;
    return OK;
}

/* ---- all -------------------------------------------------------------------------------- */

static status add_transform(struct stream *t, const struct spec *spec, struct host_env *env)
{
    struct work *w = &t->work[t->n];
    const fell_layer *layer = spec->data.transforms[t->n].item->layer;
    const size_t i = t->n++; /* to be released from now on */

    if (work_open(w, t->data, spec, i, true, env, t->p) != OK ||
        make_room(t, w->in_size > w->out_size ? w->in_size : w->out_size) != OK)
        return FAILED;
    if (layer->fit_part) {
        w->in.stream = work_stream(spec, w, 0);
        if (fit(t, i) != OK)
            return FAILED;
    }
    fitted_add(t->data, w);
    work_settle(t->data, w);
    return OK;
}

static bool is_again(const struct data *data)
{
    return data->split[SPLIT_TRAIN].again; /* all splits are alike */
}

status data_stream(struct data *data, const struct spec *spec, struct dataset set[SPLITS], size_t *done,
                   struct host_env *env, struct problem *p)
{
    const size_t n = prefix(spec);
    struct stream t = {.data = data, .set = set, .p = p};
    status result = OK;

    *done = 0;
    if (!is_again(data))
        return OK;
    if (work_check_gaps(data, spec, p) != OK)
        return FAILED;
    t.work = mem_array(n, sizeof *t.work);
    if (data->classes)
        t.label = mem_array(DATA_CHUNK, (size_t)data->target_size * sizeof *t.label);
    else
        t.target = mem_array(DATA_CHUNK, (size_t)data->target_size * sizeof *t.target);
    while (t.n < n && result == OK)
        result = add_transform(&t, spec, env);
    for (enum split s = 0; s < SPLITS && result == OK; s++)
        if (data->split[s].n)
            result = settle(&t, s, env);
    for (size_t i = 0; i < t.n; i++)
        work_release(&t.work[i]);
    free(t.work);
    free(t.target);
    free(t.label);
    free(t.buffer[0]);
    free(t.buffer[1]);
    *done = n;
    return result;
}
