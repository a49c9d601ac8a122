/* conv.h - the convolution that conv2d and conv1d share, as matrix products.
 *
 * For each row of the batch and each group, with the patches that the kernel sees as
 * the columns of a matrix, one for each place of the output,
 *     y = W patches,   dW += dy patches',   dpatches = W' dy
 * (K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural
 * networks for document processing", 2006). The products are the host's. Patches are
 * read where they lie in a padded copy of the image (window.h), by fell_gemm_gather();
 * so is dy to find dx where the stride is 1. That product runs over filters (for dx:
 * channels) by whole vectors: where these would be half empty, patches are copied side
 * by side for fell_gemm(). A kernel of one place and stride 1 needs no copy at all.
 *
 * Order of sums: y over channel, kernel row and kernel column upwards, then the bias;
 * dW over the places of a row of the batch, or of a block of its output rows, upwards,
 * added in order; dx over filter, kernel row and kernel column upwards, or the kernel's
 * places upwards, each summed over the filters. Which one depends on shapes alone, so
 * neither the batch nor the threads nor the vectors' width change a bit.
 *
 * Longer than 500 lines: the three products share their layout of patches and blocks.
 */
#ifndef LAYER_CONV_H
#define LAYER_CONV_H

#include "../rows.h"
#include "window.h"

enum { WEIGHT, BIAS, TENSORS };
enum {
    PATCH_FLOATS = 1 << 16, /* patches stay in the L2 cache */
    BLOCK_WORK = 1 << 18,   /* multiplications worth a block of their own */
    BLOCK_PATCHES = 64,     /* rows of patches worth a block of their own */
    PLACES = 1024           /* outputs that are started and finished at once */
};

struct conv {
    struct window w;
    int64_t groups, channels, filters; /* the last two of one group */
};

/* PyTorch's default: he_uniform with this slope, the square root of 5, is the
 * uniform distribution between -1/sqrt(fan_in) and 1/sqrt(fan_in). */
#define FROM_FAN_IN "{he_uniform: {negative_slope: 2.23606797749979}}"

/* The rest of V from its window, settings and sizes; refuses what does not fit. */
static inline fell_status conv_fit(fell_ctx *ctx, struct conv *v, int64_t groups, int64_t channels,
                                   int64_t filters)
{
    if (channels % groups != 0)
        return fell_fail(ctx, "groups: %lld does not divide the %lld channels of the input",
                         (long long)groups, (long long)channels);
    if (filters % groups != 0)
        return fell_fail(ctx, "groups: %lld does not divide the %lld filters", (long long)groups,
                         (long long)filters);
    v->groups = groups;
    v->channels = channels / groups;
    v->filters = filters / groups;
    return window_fit(ctx, &v->w, false);
}

static inline int64_t conv_kernel(const struct conv *v)
{
    return v->w.kernel[ROWS] * v->w.kernel[COLS];
}

static inline int64_t conv_places(const struct conv *v)
{
    return v->w.out[ROWS] * v->w.out[COLS];
}

static inline int64_t conv_pixels(const struct conv *v)
{
    return v->w.in[ROWS] * v->w.in[COLS];
}

/* Whether the image is its own matrix of patches. */
static inline bool conv_plain(const struct conv *v)
{
    bool plain = conv_kernel(v) == 1;

    for (int a = 0; a < AXES; a++)
        plain = plain && v->w.stride[a] == 1 && v->w.padding[a] == 0;
    return plain;
}

/* Whether vectors over N numbers are full enough; the same at every SIMD level. */
static inline bool conv_wide(int64_t n)
{
    return 4 * n >= 3 * ((n + RUN - 1) / RUN * RUN);
}

/* Output rows whose patches are made at once. */
static inline int64_t conv_block(const struct conv *v)
{
    const int64_t row = v->channels * conv_kernel(v) * v->w.out[COLS];
    const int64_t rows = row < PATCH_FLOATS ? PATCH_FLOATS / row : 1;

    return conv_plain(v) || rows > v->w.out[ROWS] ? v->w.out[ROWS] : rows;
}

/* Floats from one row of the patches of PLACES outputs to the next: not a multiple of
 * a power of two that would send all rows to the same lines of the cache. */
static inline int64_t conv_pitch(int64_t places)
{
    return ((places + RUN - 1) / RUN | 1) * RUN;
}

/* ---- channels of one row, padded ------------------------------------------------------------- */

struct channels {
    fell_ctx *ctx;
    const struct window *w;
    int64_t n;
    const float *x;   /* [n, rows, columns] */
    int64_t readable; /* floats from there to the end of the tensor */
    float *padded;    /* [n, window_floats] */
};

static inline float *channels_room(fell_ctx *ctx, const struct window *w, int64_t n)
{
    return fell_scratch(ctx, n * window_floats(w) + WINDOW_SLACK, sizeof(float));
}

FELL_KERNEL(channels_pad, struct channels)
{
    const struct window *w = c->w;
    const int64_t pixels = w->in[ROWS] * w->in[COLS];

    for (int64_t i = 0; i < c->n; i++)
        window_pad(w, c->x + i * pixels, c->readable - i * pixels, 0.0f, c->padded + i * window_floats(w));
    return FELL_OK;
}

/* ---- tables for fell_gemm_gather ------------------------------------------------------------------ */

/* Where the patches' elements are in padded channels: row k of the matrix and column j
 * at kernel[k] + place[j]. */
struct tables {
    int64_t *kernel; /* [channels * kernel] */
    int64_t *place;  /* [outputs] */
};

/* With BACKWARDS the kernel is turned about, last place first. */
static inline fell_status tables_make(fell_ctx *ctx, const struct window *w, int64_t channels, bool backwards,
                                      struct tables *t)
{
    const int64_t rows = w->kernel[ROWS], cols = w->kernel[COLS];
    int64_t *k = fell_scratch(ctx, channels * rows * cols, sizeof *k);
    int64_t *place = fell_scratch(ctx, w->out[ROWS] * w->out[COLS], sizeof *place);

    if (!k || !place)
        return FELL_ERROR;
    *t = (struct tables){k, place};
    for (int64_t c = 0; c < channels; c++)
        for (int64_t y = 0; y < rows; y++)
            for (int64_t x = 0; x < cols; x++)
                *k++ = c * window_floats(w) +
                       (backwards ? window_place(w, rows - 1 - y, cols - 1 - x) : window_place(w, y, x));
    for (int64_t i = 0; i < w->out[ROWS]; i++)
        for (int64_t j = 0; j < w->out[COLS]; j++)
            *place++ = i * window_step(w) + j;
    return FELL_OK;
}

/* ---- patches side by side -------------------------------------------------------------------------- */

/* The patches of some output rows of some channels. */
struct patches {
    fell_ctx *ctx;
    const struct conv *v;
    struct channels in;
    int64_t row, rows;   /* first output row, how many */
    float *dx;           /* [in.n, H, W] */
    float *copied;       /* [in.n * kernel, pitch] room for the patches */
    const float *matrix; /* the patches */
    int64_t pitch;
};

/* Room for CHANNELS channels. */
static inline fell_status patches_room(struct patches *p, int64_t channels)
{
    const int64_t kernel = conv_kernel(p->v);

    p->pitch = conv_pitch(conv_block(p->v) * p->v->w.out[COLS]);
    p->in = (struct channels){.ctx = p->ctx, .w = &p->v->w, .n = channels};
    if (conv_plain(p->v))
        return FELL_OK;
    p->in.padded = channels_room(p->ctx, &p->v->w, channels);
    p->copied = fell_scratch(p->ctx, channels * kernel * p->pitch + WINDOW_SLACK, sizeof(float));
    return p->in.padded && p->copied ? FELL_OK : FELL_ERROR;
}

/* The patches of the output rows, from the padded channels. */
FELL_KERNEL(patches_copy, struct patches)
{
    const struct window *w = &c->v->w;
    const int64_t n = w->out[COLS], step = window_step(w), floats = window_floats(w);
    float *line = c->copied;

    for (int64_t i = 0; i < c->in.n; i++)
        for (int64_t y = 0; y < w->kernel[ROWS]; y++)
            for (int64_t x = 0; x < w->kernel[COLS]; x++, line += c->pitch) {
                const float *from = c->in.padded + i * floats + window_place(w, y, x) + c->row * step;
                float *to = line;

                for (int64_t r = 0; r < c->rows; r++, from += step, to += n)
                    window_copy_run(to, from, n, n + RUN);
            }
    return FELL_OK;
}

/* Add the patches' gradients to padded channels, the kernel's places upwards. */
FELL_KERNEL(patches_add, struct patches)
{
    const struct window *w = &c->v->w;
    const int64_t n = w->out[COLS], step = window_step(w), floats = window_floats(w);
    const float *line = c->copied;

    for (int64_t i = 0; i < c->in.n; i++)
        for (int64_t y = 0; y < w->kernel[ROWS]; y++)
            for (int64_t x = 0; x < w->kernel[COLS]; x++, line += c->pitch) {
                float *to = c->in.padded + i * floats + window_place(w, y, x) + c->row * step;
                const float *from = line;

                for (int64_t r = 0; r < c->rows; r++, to += step, from += n)
                    for (int64_t j = 0; j < n; j += RUN)
                        for (int l = 0; l < RUN; l++)
                            to[j + l] += j + l < n ? from[j + l] : 0.0f;
            }
    return FELL_OK;
}

/* dx = what the padded channels hold of it. */
FELL_KERNEL(patches_unpad, struct patches)
{
    const struct window *w = &c->v->w;

    for (int64_t i = 0; i < c->in.n; i++)
        window_unpad(w, c->in.padded + i * window_floats(w), c->dx + i * w->in[ROWS] * w->in[COLS]);
    return FELL_OK;
}

/* Point MATRIX at the patches of ROWS output rows from ROW on, made if they must be. */
static inline void patches_take(struct patches *p, int64_t row, int64_t rows)
{
    p->row = row;
    p->rows = rows;
    if (conv_plain(p->v)) {
        p->matrix = p->in.x;
        p->pitch = conv_pixels(p->v);
        return;
    }
    if (row == 0)
        channels_pad(&p->in);
    patches_copy(p);
    p->matrix = p->copied;
}

/* ---- a call, and how it is cut into blocks ------------------------------------------------------------ */

struct conv_job {
    fell_ctx *ctx;
    fell_layer_call *call;
    const struct conv *v;
    struct window back;  /* over dy, for dx */
    struct tables at;    /* where products gather, of one group */
    const float *weight; /* [groups, summed over, outputs] as these products want it */
};

/* Rows of the batch that are worth a block of their own. */
static inline int64_t conv_grain(const struct conv *v)
{
    const int64_t work = v->groups * v->filters * v->channels * conv_kernel(v) * conv_places(v);

    return work < BLOCK_WORK ? BLOCK_WORK / work : 1;
}

/* Group G of row B of the batch: where it starts in x, and how much of x follows. */
static inline void conv_input(const struct conv_job *j, int64_t b, int64_t g, int64_t first,
                              struct channels *in)
{
    const struct conv *v = j->v;
    const int64_t before = (b * v->groups + g) * v->channels + first;

    in->x = j->call->x[0] + before * conv_pixels(v);
    in->readable = (j->call->batch * v->groups * v->channels - before) * conv_pixels(v);
}

static inline int64_t conv_output(const struct conv_job *j, int64_t b, int64_t g)
{
    return (b * j->v->groups + g) * j->v->filters * conv_places(j->v);
}

/* ---- forward ------------------------------------------------------------------------------------------- */

/* Some places of all filters of a group. */
struct conv_bias {
    fell_ctx *ctx;
    const float *bias; /* [filters], or NULL */
    float *y;          /* [filters, pitch], N of each */
    int64_t filters, n, pitch;
};

/* The bias goes first, as in dense, and the product is added to it. */
FELL_KERNEL(conv_fill_bias, struct conv_bias)
{
    for (int64_t f = 0; c->bias && f < c->filters; f++) {
        const float b = c->bias[f];
        float *y = c->y + f * c->pitch;

        FELL_EACH for (int64_t i = 0; i < c->n; i++) y[i] = b;
    }
    return FELL_OK;
}

/* N places of group G from place FIRST on, at TO. */
static inline void conv_start(const struct conv_job *j, int64_t g, int64_t n, float *to)
{
    const float *bias = j->call->tensor[BIAS];
    const int64_t filters = j->v->filters;

    conv_fill_bias(
        &(struct conv_bias){j->ctx, bias ? bias + g * filters : NULL, to, filters, n, conv_places(j->v)});
}

static fell_status conv_forward_patches(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    const int64_t k = v->channels * conv_kernel(v), places = conv_places(v), block = conv_block(v);
    const bool add = j->call->tensor[BIAS] != NULL;
    struct patches p = {.ctx = j->ctx, .v = v};

    if (patches_room(&p, v->channels) != FELL_OK)
        return FELL_ERROR;
    for (int64_t b = begin; b < end; b++)
        for (int64_t g = 0; g < v->groups; g++) {
            const float *w = j->call->tensor[WEIGHT] + g * v->filters * k;

            conv_input(j, b, g, 0, &p.in);
            for (int64_t row = 0; row < v->w.out[ROWS]; row += block) {
                const int64_t rows = v->w.out[ROWS] - row < block ? v->w.out[ROWS] - row : block;
                const int64_t n = rows * v->w.out[COLS];
                float *y = j->call->y + conv_output(j, b, g) + row * v->w.out[COLS];

                patches_take(&p, row, rows);
                conv_start(j, g, n, y);
                fell_gemm(j->ctx, v->filters, n, k, w, k, false, p.matrix, p.pitch, false, y, places, add);
            }
        }
    return FELL_OK;
}

static fell_status conv_forward_gather(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    const int64_t k = v->channels * conv_kernel(v), places = conv_places(v);
    const bool add = j->call->tensor[BIAS] != NULL;
    struct channels in = {j->ctx, &v->w, v->channels, NULL, 0, channels_room(j->ctx, &v->w, v->channels)};

    if (!in.padded)
        return FELL_ERROR;
    for (int64_t b = begin; b < end; b++)
        for (int64_t g = 0; g < v->groups; g++) {
            conv_input(j, b, g, 0, &in);
            channels_pad(&in);
            for (int64_t i = 0; i < places; i += PLACES) {
                const int64_t n = places - i < PLACES ? places - i : PLACES;
                float *y = j->call->y + conv_output(j, b, g) + i;

                conv_start(j, g, n, y);
                fell_gemm_gather(j->ctx, v->filters, n, k, j->weight + g * v->filters * k, v->filters, true,
                                 in.padded, j->at.kernel, j->at.place + i, y, places, add);
            }
        }
    return FELL_OK;
}

/* [groups, channels * kernel, filters] from the weights: what is summed over comes first. */
static inline fell_status conv_weight_forward(struct conv_job *j)
{
    const struct conv *v = j->v;
    const int64_t k = v->channels * conv_kernel(v);
    const float *w = j->call->tensor[WEIGHT];
    float *to = fell_scratch(j->ctx, v->groups * v->filters * k, sizeof *to);

    if (!to)
        return FELL_ERROR;
    j->weight = to;
    for (int64_t g = 0; g < v->groups; g++, to += v->filters * k)
        for (int64_t f = 0; f < v->filters; f++, w += k)
            for (int64_t i = 0; i < k; i++)
                to[i * v->filters + f] = w[i];
    return FELL_OK;
}

static inline fell_status conv_forward(fell_layer_call *c, const struct conv *v)
{
    struct conv_job j = {.ctx = c->ctx, .call = c, .v = v};

    if (conv_plain(v) || !conv_wide(v->filters))
        return fell_parallel(c->ctx, c->batch, conv_grain(v), conv_forward_patches, &j);
    if (conv_weight_forward(&j) != FELL_OK ||
        tables_make(c->ctx, &v->w, v->channels, false, &j.at) != FELL_OK)
        return FELL_ERROR;
    return fell_parallel(c->ctx, c->batch, conv_grain(v), conv_forward_gather, &j);
}

/* ---- backward: dx ----------------------------------------------------------------------------------------
 */

static fell_status conv_input_patches(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    const int64_t k = v->channels * conv_kernel(v), places = conv_places(v), block = conv_block(v);
    const int64_t in = v->channels * conv_pixels(v), cols = v->w.out[COLS];
    struct patches p = {.ctx = j->ctx, .v = v};

    if (patches_room(&p, v->channels) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = begin * v->groups; i < end * v->groups; i++) {
        const float *dy = j->call->dy + i * v->filters * places;
        const float *w = j->call->tensor[WEIGHT] + i % v->groups * v->filters * k;

        p.dx = j->call->dx[0] + i * in;
        if (conv_plain(v)) {
            fell_gemm(j->ctx, k, places, v->filters, w, k, true, dy, places, false, p.dx, places, false);
            continue;
        }
        memset(p.in.padded, 0, (size_t)(v->channels * window_floats(&v->w)) * sizeof(float));
        for (p.row = 0; p.row < v->w.out[ROWS]; p.row += p.rows) {
            p.rows = v->w.out[ROWS] - p.row < block ? v->w.out[ROWS] - p.row : block;
            fell_gemm(j->ctx, k, p.rows * cols, v->filters, w, k, true, dy + p.row * cols, places, false,
                      p.copied, p.pitch, false);
            patches_add(&p);
        }
        patches_unpad(&p);
    }
    return FELL_OK;
}

/* With stride 1, dx is itself a convolution, of dy with the kernel turned about. */
static fell_status conv_input_gather(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    const int64_t k = v->filters * conv_kernel(v), pixels = conv_pixels(v), places = conv_places(v);
    struct channels dy = {j->ctx, &j->back, v->filters, NULL, 0, channels_room(j->ctx, &j->back, v->filters)};

    if (!dy.padded)
        return FELL_ERROR;
    for (int64_t i = begin * v->groups; i < end * v->groups; i++) {
        dy.x = j->call->dy + i * v->filters * places;
        dy.readable = (j->call->batch * v->groups - i) * v->filters * places;
        channels_pad(&dy);
        fell_gemm_gather(j->ctx, v->channels, pixels, k, j->weight + i % v->groups * v->channels * k,
                         v->channels, true, dy.padded, j->at.kernel, j->at.place,
                         j->call->dx[0] + i * v->channels * pixels, pixels, false);
    }
    return FELL_OK;
}

/* [groups, filters * kernel, channels] from the weights: what is summed over comes first. */
static inline fell_status conv_weight_backward(struct conv_job *j)
{
    const struct conv *v = j->v;
    const int64_t kernel = conv_kernel(v), n = v->groups * v->filters;
    const float *w = j->call->tensor[WEIGHT];
    float *to = fell_scratch(j->ctx, n * kernel * v->channels, sizeof *to);

    if (!to)
        return FELL_ERROR;
    j->weight = to;
    for (int64_t f = 0; f < n; f++, to += kernel * v->channels)
        for (int64_t c = 0; c < v->channels; c++, w += kernel)
            for (int64_t i = 0; i < kernel; i++)
                to[i * v->channels + c] = w[i];
    return FELL_OK;
}

static inline fell_status conv_backward_input(struct conv_job *j)
{
    const struct conv *v = j->v;
    const bool near = v->w.stride[ROWS] == 1 && v->w.stride[COLS] == 1;

    if (conv_plain(v) || !near || !conv_wide(v->channels))
        return fell_parallel(j->ctx, j->call->batch, conv_grain(v), conv_input_patches, j);
    j->back = v->w;
    for (int a = 0; a < AXES; a++) {
        j->back.in[a] = v->w.out[a];
        j->back.out[a] = v->w.in[a];
        j->back.padding[a] = window_span(&v->w, a) - 1 - v->w.padding[a]; /* below 0: cut off */
    }
    if (conv_weight_backward(j) != FELL_OK ||
        tables_make(j->ctx, &j->back, v->filters, true, &j->at) != FELL_OK)
        return FELL_ERROR;
    return fell_parallel(j->ctx, j->call->batch, conv_grain(v), conv_input_gather, j);
}

/* ---- backward: dW and db
 * ----------------------------------------------------------------------------------- */

/* dW of p->in.n channels of group G from its channel FIRST on, from row B of the batch. */
static inline void conv_weight_row(const struct conv_job *j, struct patches *p, int64_t b, int64_t g,
                                   int64_t first)
{
    const struct conv *v = j->v;
    const int64_t kernel = conv_kernel(v), places = conv_places(v), cols = v->w.out[COLS];
    const int64_t k = v->channels * kernel, n = p->in.n * kernel, block = conv_block(v);
    const float *dy = j->call->dy + conv_output(j, b, g);
    float *dw = j->call->grad[WEIGHT] + g * v->filters * k + first * kernel;

    conv_input(j, b, g, first, &p->in);
    if (j->at.kernel) {
        channels_pad(&p->in);
        fell_gemm_gather(j->ctx, v->filters, n, places, dy, places, false, p->in.padded, j->at.place,
                         j->at.kernel, dw, k, true);
        return;
    }
    for (int64_t row = 0; row < v->w.out[ROWS]; row += block) {
        const int64_t rows = v->w.out[ROWS] - row < block ? v->w.out[ROWS] - row : block;

        patches_take(p, row, rows);
        fell_gemm(j->ctx, v->filters, n, rows * cols, dy + row * cols, places, false, p->matrix, p->pitch,
                  true, dw, k, true);
    }
}

/* Channels [begin, end) of all groups, over the whole batch. */
static fell_status conv_weight_channels(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    struct patches p = {.ctx = j->ctx, .v = v};

    if (patches_room(&p, end - begin) != FELL_OK)
        return FELL_ERROR;
    for (int64_t i = begin; i < end; i += p.in.n) {
        const int64_t g = i / v->channels, first = i % v->channels;

        p.in.n = end - i < v->channels - first ? end - i : v->channels - first;
        for (int64_t b = 0; b < j->call->batch; b++)
            conv_weight_row(j, &p, b, g, first);
    }
    return FELL_OK;
}

static inline fell_status conv_backward_weight(struct conv_job *j)
{
    const struct conv *v = j->v;
    const int64_t kernel = conv_kernel(v), grain = (BLOCK_PATCHES + kernel - 1) / kernel;

    j->at = (struct tables){NULL, NULL};
    if (!conv_plain(v) && conv_wide(v->filters) &&
        tables_make(j->ctx, &v->w, v->channels, false, &j->at) != FELL_OK)
        return FELL_ERROR;
    return fell_parallel(j->ctx, v->groups * v->channels, grain, conv_weight_channels, j);
}

/* db += dy, each row of the batch summed over its places and added in order. */
FELL_KERNEL(conv_bias_gradient, struct conv_job)
{
    const int64_t filters = c->v->groups * c->v->filters;
    const int64_t places = c->v->w.out[ROWS] * c->v->w.out[COLS];
    const float *dy = c->call->dy;
    float *db = c->call->grad[BIAS];

    for (int64_t b = 0; b < c->call->batch; b++)
        for (int64_t f = 0; f < filters; f++, dy += places)
            db[f] += rows_sum(dy, places);
    return FELL_OK;
}

static inline fell_status conv_backward(fell_layer_call *c, const struct conv *v)
{
    struct conv_job j = {.ctx = c->ctx, .call = c, .v = v};

    if (c->grad[WEIGHT] && conv_backward_weight(&j) != FELL_OK)
        return FELL_ERROR;
    if (c->grad[BIAS])
        conv_bias_gradient(&j);
    return c->dx[0] ? conv_backward_input(&j) : FELL_OK;
}

/* Forward and backward of a layer whose read_settings() fills a struct conv. */
#define CONV_CALLS                                                                                           \
    static fell_status forward(fell_layer_call *c)                                                           \
    {                                                                                                        \
        struct conv v;                                                                                       \
                                                                                                             \
        return read_settings(c->ctx, c->settings, c->plan, &v) == FELL_OK ? conv_forward(c, &v)              \
                                                                          : FELL_ERROR;                      \
    }                                                                                                        \
                                                                                                             \
    static fell_status backward(fell_layer_call *c)                                                          \
    {                                                                                                        \
        struct conv v;                                                                                       \
                                                                                                             \
        return read_settings(c->ctx, c->settings, c->plan, &v) == FELL_OK ? conv_backward(c, &v)             \
                                                                          : FELL_ERROR;                      \
    }

#endif
