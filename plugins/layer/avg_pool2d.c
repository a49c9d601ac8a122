/* avg_pool2d.c - the mean of each window of an image. */
#include "pool.h"

struct avg_pool2d {
    fell_ints kernel, stride, padding;
    bool ceil_mode, count_include_pad;
    int64_t divisor_override;
};

static const fell_param params[] = {
    POOL_PARAMS(struct avg_pool2d),
    FELL_BOOL(struct avg_pool2d, count_include_pad, true,
              "Whether the padding counts as pixels of value 0, true or false."),
    FELL_INT(struct avg_pool2d, divisor_override, 0, 0, 1LL << 40, 0,
             "Divide each window's sum by this; 0: by the number of its pixels."),
};

static fell_status read_settings(fell_ctx *ctx, const void *settings, const fell_plan *p, struct window *w)
{
    static const int64_t one[AXES] = {1, 1};
    const struct avg_pool2d *s = settings;

    return pool_window(ctx, &p->in[0], s->kernel, s->stride, s->padding, one, s->ceil_mode, w);
}

static fell_status plan(fell_plan *p)
{
    struct window w;

    if (read_settings(p->ctx, p->settings, p, &w) != FELL_OK)
        return FELL_ERROR;
    p->out = (fell_shape){3, {p->in[0].dim[0], w.out[ROWS], w.out[COLS]}};
    return FELL_OK;
}

/* Pixels along one axis that count in window I: those within the image, or also within
 * its padding, but none that rounding up has added behind that. */
FELL_INLINE int64_t counted(const struct window *w, int axis, int64_t i, bool include_padding)
{
    const int64_t border = include_padding ? w->padding[axis] : 0;
    const int64_t begin = i * w->stride[axis] - w->padding[axis], end = begin + w->kernel[axis];

    return (end < w->in[axis] + border ? end : w->in[axis] + border) - (begin > -border ? begin : -border);
}

/* DIVISOR[out] = what the sums of output row I are divided by. */
FELL_INLINE void divisors(const struct avg_pool2d *s, const struct window *w, int64_t i, float *divisor)
{
    const int64_t rows = counted(w, ROWS, i, s->count_include_pad);

    for (int64_t j = 0; j < w->out[COLS]; j++)
        divisor[j] = s->divisor_override ? (float)s->divisor_override
                                         : (float)(rows * counted(w, COLS, j, s->count_include_pad));
}

/* One plane: FROM is its padded copy, DIVISOR [H',W']. Summed over the window's places
 * upwards. */
FELL_INLINE void pool_plane(const struct window *w, const float *from, const float *divisor, float *y)
{
    const int64_t n = w->out[COLS], step = window_step(w);

    for (int64_t i = 0; i < w->out[ROWS]; i++, y += n, divisor += n, from += step)
        for (int64_t j = 0; j < n; j += RUN) {
            float sum[RUN] = {0};

            for (int64_t r = 0; r < w->kernel[ROWS]; r++)
                for (int64_t s = 0; s < w->kernel[COLS]; s++) {
                    const float *v = from + window_place(w, r, s) + j;

                    for (int l = 0; l < RUN; l++)
                        sum[l] += v[l];
                }
            for (int l = 0; l < RUN; l++)
                y[j + l] = sum[l] / divisor[j + l];
        }
}

/* One plane: add dy / DIVISOR to all of the window's places in the padded copy TO. */
FELL_INLINE void spread_plane(const struct window *w, const float *dy, const float *divisor, float *to)
{
    const int64_t n = w->out[COLS], step = window_step(w);

    for (int64_t i = 0; i < w->out[ROWS]; i++, dy += n, divisor += n, to += step)
        for (int64_t r = 0; r < w->kernel[ROWS]; r++)
            for (int64_t s = 0; s < w->kernel[COLS]; s++) {
                float *d = to + window_place(w, r, s);

                FELL_EACH for (int64_t j = 0; j < n; j++) d[j] += dy[j] / divisor[j];
            }
}

/* Scratch for one plane: the padded copy, the divisors and the output. */
struct room {
    float *copy, *divisor, *y;
};

FELL_INLINE fell_status take_room(const struct planes *p, struct room *r)
{
    const struct window *w = p->w;
    const int64_t out = w->out[ROWS] * w->out[COLS] + WINDOW_SLACK;

    r->copy = fell_scratch(p->ctx, window_floats(w) + WINDOW_SLACK, sizeof(float));
    r->divisor = fell_scratch(p->ctx, out, sizeof(float));
    r->y = fell_scratch(p->ctx, out, sizeof(float));
    if (!r->copy || !r->divisor || !r->y)
        return FELL_ERROR;
    for (int64_t i = 0; i < out; i++)
        r->divisor[i] = 1.0f;
    for (int64_t i = 0; i < w->out[ROWS]; i++)
        divisors(p->call->settings, w, i, r->divisor + i * w->out[COLS]);
    return FELL_OK;
}

FELL_KERNEL(forward_planes, struct planes)
{
    const struct window *w = c->w;
    const int64_t in = w->in[ROWS] * w->in[COLS], out = w->out[ROWS] * w->out[COLS];
    const int64_t planes = c->call->batch * c->call->plan->in[0].dim[0];
    struct room r;

    if (take_room(c, &r) != FELL_OK)
        return FELL_ERROR;
    memset(r.copy + window_floats(w), 0, WINDOW_SLACK * sizeof *r.copy);
    for (int64_t p = c->begin; p < c->end; p++) {
        window_pad(w, c->call->x[0] + p * in, (planes - p) * in, 0.0f, r.copy);
        pool_plane(w, r.copy, r.divisor, r.y);
        memcpy(c->call->y + p * out, r.y, (size_t)out * sizeof *r.y);
    }
    return FELL_OK;
}

POOL_FORWARD

FELL_KERNEL(backward_planes, struct planes)
{
    const struct window *w = c->w;
    const int64_t in = w->in[ROWS] * w->in[COLS], out = w->out[ROWS] * w->out[COLS];
    struct room r;

    if (take_room(c, &r) != FELL_OK)
        return FELL_ERROR;
    for (int64_t p = c->begin; p < c->end; p++) {
        memset(r.copy, 0, (size_t)window_floats(w) * sizeof *r.copy);
        spread_plane(w, c->call->dy + p * out, r.divisor, r.copy);
        window_unpad(w, r.copy, c->call->dx[0] + p * in);
    }
    return FELL_OK;
}

POOL_BACKWARD

static const fell_layer avg_pool2d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "avg_pool2d",
        "Takes the mean of each window of an image, channel by channel.\n\n"
        "[C,H,W] becomes [C,H',W'] with H' = floor((H + 2 padding - kernel) / stride) + 1, and W'\n"
        "likewise; with ceil_mode rounded up, unless the last window would begin behind the image. The\n"
        "padding counts as zeros unless count_include_pad is false. As PyTorch's nn.AvgPool2d.",
        struct avg_pool2d, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &avg_pool2d.item);
