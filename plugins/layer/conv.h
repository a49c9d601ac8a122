/* conv.h - the convolution that conv2d and conv1d share, as matrix products.
 *
 * For each row of the batch and each group, the patches that the kernel sees are
 * laid side by side, one column for each place of the output ("im2col": K. Chellapilla,
 * S. Puri and P. Simard, "High performance convolutional neural networks for document
 * processing", 2006), and
 *     y = W patches,   dW += dy patches',   dpatches = W' dy.
 * The products are the host's; here is the copying, by whole vectors from a padded
 * copy (window.h). A kernel of one place and stride 1 needs no copy.
 *
 * Order of sums: y over channel, kernel row and kernel column upwards, then the bias;
 * dW within a block of output rows upwards, blocks and batch rows added in order; dx
 * over the kernel's places upwards, each summed over the outputs upwards. Blocks
 * depend on the shapes alone, so neither the batch nor the threads change a bit.
 */
#ifndef LAYER_CONV_H
#define LAYER_CONV_H

#include "../rows.h"
#include "window.h"

enum { WEIGHT, BIAS, TENSORS };
enum {
    PATCH_FLOATS = 1 << 16, /* patches stay in the L2 cache */
    BLOCK_WORK = 1 << 18,   /* multiplications worth a block of their own */
    BLOCK_PATCHES = 64      /* rows of patches worth a block of their own */
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

/* ---- patches -------------------------------------------------------------------------------- */

/* Some channels of one row, and the patches of some of its output rows. */
struct patches {
    fell_ctx *ctx;
    const struct conv *v;
    int64_t channels;    /* how many */
    int64_t row, rows;   /* first output row, how many */
    const float *x;      /* [channels, H, W] */
    float *dx;           /* likewise */
    float *padded;       /* [channels, window_floats] */
    float *copied;       /* [channels * kernel, pitch] room for the patches */
    const float *matrix; /* the patches */
    int64_t pitch;
};

/* Room for CHANNELS channels. */
static inline fell_status patches_room(struct patches *p, int64_t channels)
{
    p->pitch = conv_pitch(conv_block(p->v) * p->v->w.out[COLS]);
    p->channels = channels;
    p->padded = NULL;
    p->copied = NULL;
    if (conv_plain(p->v))
        return FELL_OK;
    p->padded = fell_scratch(p->ctx, channels * window_floats(&p->v->w) + WINDOW_SLACK, sizeof(float));
    p->copied = fell_scratch(p->ctx, channels * conv_kernel(p->v) * p->pitch + WINDOW_SLACK, sizeof(float));
    return p->padded && p->copied ? FELL_OK : FELL_ERROR;
}

FELL_KERNEL(patches_pad, struct patches)
{
    const struct window *w = &c->v->w;

    for (int64_t i = 0; i < c->channels; i++)
        window_pad(w, c->x + i * w->in[ROWS] * w->in[COLS], 0.0f, c->padded + i * window_floats(w));
    return FELL_OK;
}

FELL_KERNEL(patches_unpad, struct patches)
{
    const struct window *w = &c->v->w;

    for (int64_t i = 0; i < c->channels; i++)
        window_unpad(w, c->padded + i * window_floats(w), c->dx + i * w->in[ROWS] * w->in[COLS]);
    return FELL_OK;
}

/* matrix = the patches of the output rows, from the padded copy. */
FELL_KERNEL(patches_copy, struct patches)
{
    const struct window *w = &c->v->w;
    const int64_t n = w->out[COLS], step = window_step(w), floats = window_floats(w);
    float *line = c->copied;

    for (int64_t i = 0; i < c->channels; i++)
        for (int64_t y = 0; y < w->kernel[ROWS]; y++)
            for (int64_t x = 0; x < w->kernel[COLS]; x++, line += c->pitch) {
                const float *from = c->padded + i * floats + window_place(w, y, x) + c->row * step;
                float *to = line;

                for (int64_t r = 0; r < c->rows; r++, from += step, to += n)
                    window_copy_run(to, from, n);
            }
    return FELL_OK;
}

/* Add the patches' gradients to the padded copy of dx, the kernel's places upwards. */
FELL_KERNEL(patches_add, struct patches)
{
    const struct window *w = &c->v->w;
    const int64_t n = w->out[COLS], step = window_step(w), floats = window_floats(w);
    const float *line = c->copied;

    for (int64_t i = 0; i < c->channels; i++)
        for (int64_t y = 0; y < w->kernel[ROWS]; y++)
            for (int64_t x = 0; x < w->kernel[COLS]; x++, line += c->pitch) {
                float *to = c->padded + i * floats + window_place(w, y, x) + c->row * step;
                const float *from = line;

                for (int64_t r = 0; r < c->rows; r++, to += step, from += n)
                    for (int64_t j = 0; j < n; j += RUN)
                        for (int l = 0; l < RUN; l++)
                            to[j + l] += j + l < n ? from[j + l] : 0.0f;
            }
    return FELL_OK;
}

/* Point MATRIX at the patches of ROWS output rows from ROW on, made if they must be. */
static inline void patches_take(struct patches *p, int64_t row, int64_t rows)
{
    p->row = row;
    p->rows = rows;
    if (conv_plain(p->v)) {
        p->matrix = p->x;
        p->pitch = conv_pixels(p->v);
        return;
    }
    if (row == 0)
        patches_pad(p);
    patches_copy(p);
    p->matrix = p->copied;
}

/* ---- forward ------------------------------------------------------------------------------ */

struct conv_job {
    fell_ctx *ctx;
    fell_layer_call *call;
    const struct conv *v;
};

/* One group of one row: its output rows, and what is added to them. */
struct conv_bias {
    fell_ctx *ctx;
    const float *bias; /* [filters] */
    float *y;          /* [filters, pitch], N of each */
    int64_t filters, n, pitch;
};

FELL_KERNEL(conv_fill_bias, struct conv_bias)
{
    for (int64_t f = 0; f < c->filters; f++) {
        const float b = c->bias[f];
        float *y = c->y + f * c->pitch;

        FELL_EACH for (int64_t i = 0; i < c->n; i++) y[i] = b;
    }
    return FELL_OK;
}

/* y of group G of one row of the batch. The bias goes first, as in dense. */
static inline void conv_forward_group(const struct conv_job *j, struct patches *p, int64_t g, float *y)
{
    const struct conv *v = j->v;
    const float *bias = j->call->tensor[BIAS], *w = j->call->tensor[WEIGHT];
    const int64_t k = v->channels * conv_kernel(v), places = conv_places(v), block = conv_block(v);

    for (int64_t row = 0; row < v->w.out[ROWS]; row += block) {
        const int64_t rows = v->w.out[ROWS] - row < block ? v->w.out[ROWS] - row : block;
        const int64_t n = rows * v->w.out[COLS];
        float *to = y + row * v->w.out[COLS];

        patches_take(p, row, rows);
        if (bias)
            conv_fill_bias(&(struct conv_bias){j->ctx, bias + g * v->filters, to, v->filters, n, places});
        fell_gemm(j->ctx, v->filters, n, k, w + g * v->filters * k, k, false, p->matrix, p->pitch, false, to,
                  places, bias != NULL);
    }
}

static fell_status conv_forward_rows(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    const int64_t in = v->channels * conv_pixels(v), out = v->filters * conv_places(v);
    struct patches p = {.ctx = j->ctx, .v = v};

    if (patches_room(&p, v->channels) != FELL_OK)
        return FELL_ERROR;
    for (int64_t b = begin; b < end; b++)
        for (int64_t g = 0; g < v->groups; g++) {
            p.x = j->call->x[0] + (b * v->groups + g) * in;
            conv_forward_group(j, &p, g, j->call->y + (b * v->groups + g) * out);
        }
    return FELL_OK;
}

/* Rows of the batch that are worth a block of their own. */
static inline int64_t conv_grain(const struct conv *v)
{
    const int64_t work = v->groups * v->filters * v->channels * conv_kernel(v) * conv_places(v);

    return work < BLOCK_WORK ? BLOCK_WORK / work : 1;
}

static inline fell_status conv_forward(fell_layer_call *c, const struct conv *v)
{
    struct conv_job j = {c->ctx, c, v};

    return fell_parallel(c->ctx, c->batch, conv_grain(v), conv_forward_rows, &j);
}

/* ---- backward ------------------------------------------------------------------------------ */

/* dx of group G of one row of the batch. */
static inline void conv_input_group(const struct conv_job *j, struct patches *p, int64_t g, const float *dy)
{
    const struct conv *v = j->v;
    const int64_t k = v->channels * conv_kernel(v), places = conv_places(v), block = conv_block(v);
    const float *w = j->call->tensor[WEIGHT] + g * v->filters * k;

    if (conv_plain(v)) {
        fell_gemm(j->ctx, k, places, v->filters, w, k, true, dy, places, false, p->dx, places, false);
        return;
    }
    memset(p->padded, 0, (size_t)(v->channels * window_floats(&v->w) + WINDOW_SLACK) * sizeof(float));
    for (p->row = 0; p->row < v->w.out[ROWS]; p->row += p->rows) {
        p->rows = v->w.out[ROWS] - p->row < block ? v->w.out[ROWS] - p->row : block;
        fell_gemm(j->ctx, k, p->rows * v->w.out[COLS], v->filters, w, k, true, dy + p->row * v->w.out[COLS],
                  places, false, p->copied, p->pitch, false);
        patches_add(p);
    }
    patches_unpad(p);
}

static fell_status conv_input_rows(void *arg, int64_t begin, int64_t end)
{
    const struct conv_job *j = arg;
    const struct conv *v = j->v;
    const int64_t in = v->channels * conv_pixels(v), out = v->filters * conv_places(v);
    struct patches p = {.ctx = j->ctx, .v = v};

    if (patches_room(&p, v->channels) != FELL_OK)
        return FELL_ERROR;
    for (int64_t b = begin; b < end; b++)
        for (int64_t g = 0; g < v->groups; g++) {
            p.dx = j->call->dx[0] + (b * v->groups + g) * in;
            conv_input_group(j, &p, g, j->call->dy + (b * v->groups + g) * out);
        }
    return FELL_OK;
}

/* dW of CHANNELS channels of group G from its channel FIRST on, from row B of the batch. */
static inline void conv_weight_row(const struct conv_job *j, struct patches *p, int64_t g, int64_t first,
                                   int64_t b)
{
    const struct conv *v = j->v;
    const int64_t kernel = conv_kernel(v), places = conv_places(v), block = conv_block(v);
    const int64_t k = v->channels * kernel, n = p->channels * kernel;
    const float *dy = j->call->dy + (b * v->groups + g) * v->filters * places;
    float *dw = j->call->grad[WEIGHT] + g * v->filters * k + first * kernel;

    p->x = j->call->x[0] + ((b * v->groups + g) * v->channels + first) * conv_pixels(v);
    for (int64_t row = 0; row < v->w.out[ROWS]; row += block) {
        const int64_t rows = v->w.out[ROWS] - row < block ? v->w.out[ROWS] - row : block;

        patches_take(p, row, rows);
        fell_gemm(j->ctx, v->filters, n, rows * v->w.out[COLS], dy + row * v->w.out[COLS], places, false,
                  p->matrix, p->pitch, true, dw, k, true);
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
    for (int64_t i = begin; i < end; i += p.channels) {
        const int64_t g = i / v->channels, first = i % v->channels;

        p.channels = end - i < v->channels - first ? end - i : v->channels - first;
        for (int64_t b = 0; b < j->call->batch; b++)
            conv_weight_row(j, &p, g, first, b);
    }
    return FELL_OK;
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
    struct conv_job j = {c->ctx, c, v};
    const int64_t kernel = conv_kernel(v), grain = (BLOCK_PATCHES + kernel - 1) / kernel;

    if (c->grad[WEIGHT] &&
        fell_parallel(c->ctx, v->groups * v->channels, grain, conv_weight_channels, &j) != FELL_OK)
        return FELL_ERROR;
    if (c->grad[BIAS])
        conv_bias_gradient(&j);
    if (c->dx[0])
        return fell_parallel(c->ctx, c->batch, conv_grain(v), conv_input_rows, &j);
    return FELL_OK;
}

#endif
