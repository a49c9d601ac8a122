/* max_pool2d.c - the largest number of each window of an image. */
#include "pool.h"

struct max_pool2d {
    fell_ints kernel, stride, padding, dilation;
    bool ceil_mode;
};

static const fell_param params[] = {
    POOL_PARAMS(struct max_pool2d),
    FELL_INTS(struct max_pool2d, dilation, "1", 1, 1 << 24, 0,
              "Pixels from one place of the window to the next within it."),
};

static fell_status read_settings(fell_ctx *ctx, const void *settings, const fell_plan *p, struct window *w)
{
    const struct max_pool2d *s = settings;
    int64_t dilation[AXES];

    if (window_setting(ctx, "dilation", s->dilation, NULL, dilation) != FELL_OK)
        return FELL_ERROR;
    return pool_window(ctx, &p->in[0], s->kernel, s->stride, s->padding, dilation, s->ceil_mode, w);
}

/* Floats of one plane of the output, and of `saved`, which has room for a whole vector
 * more behind each plane: [B, C, saved_plane] the place in the window that was taken. */
FELL_INLINE int64_t out_plane(const struct window *w)
{
    return w->out[ROWS] * w->out[COLS];
}

FELL_INLINE int64_t saved_plane(const struct window *w)
{
    return (out_plane(w) + 2 * RUN - 1) / RUN * RUN;
}

static fell_status plan(fell_plan *p)
{
    struct window w;

    if (read_settings(p->ctx, p->settings, p, &w) != FELL_OK)
        return FELL_ERROR;
    p->out = (fell_shape){3, {p->in[0].dim[0], w.out[ROWS], w.out[COLS]}};
    p->saved_bytes = p->max_batch * p->in[0].dim[0] * saved_plane(&w) * (int64_t)sizeof(int32_t);
    return FELL_OK;
}

/* The windows of most nets: 2 by 2 pixels side by side, nothing beyond the image. */
static bool is_halving(const struct window *w)
{
    bool halving = true;

    for (int a = 0; a < AXES; a++)
        halving = halving && w->kernel[a] == 2 && w->stride[a] == 2 && w->padding[a] == 0 &&
                  w->dilation[a] == 1 && 2 * w->out[a] <= w->in[a];
    return halving;
}

/* ---- forward --------------------------------------------------------------------------- */

/* A later number is taken only if it is larger; a NaN always, so that it is seen. */
FELL_INLINE void take(float v, int32_t place, float *most, int32_t *at)
{
    const bool better = v > *most || v != v;

    *most = better ? v : *most;
    *at = better ? place : *at;
}

/* One plane: FROM is its padded copy. */
FELL_INLINE void pool_plane(const struct window *w, const float *from, float *y, int32_t *at)
{
    const int64_t n = w->out[COLS], step = window_step(w);

    for (int64_t i = 0; i < w->out[ROWS]; i++, y += n, at += n, from += step)
        for (int64_t j = 0; j < n; j += RUN) {
            float most[RUN];
            int32_t best[RUN] = {0}, place = 0;

            memcpy(most, from + j, sizeof most);
            for (int64_t r = 0; r < w->kernel[ROWS]; r++)
                for (int64_t s = 0; s < w->kernel[COLS]; s++, place++) {
                    const float *v = from + window_place(w, r, s) + j;

                    for (int l = 0; l < RUN; l++)
                        take(v[l], place, &most[l], &best[l]);
                }
            memcpy(y + j, most, sizeof most);
            memcpy(at + j, best, sizeof best);
        }
}

/* One plane of windows of 2 by 2, straight from the image X. */
FELL_INLINE void halve_plane(const struct window *w, const float *x, float *y, int32_t *at)
{
    const int64_t n = w->out[COLS];

    for (int64_t i = 0; i < w->out[ROWS]; i++, y += n, at += n)
        for (int64_t j = 0; j < n; j += RUN) {
            const float *above = x + 2 * i * w->in[COLS] + 2 * j, *below = above + w->in[COLS];

            for (int l = 0; l < RUN; l++) {
                float most = above[2 * l];
                int32_t best = 0;

                take(above[2 * l + 1], 1, &most, &best);
                take(below[2 * l], 2, &most, &best);
                take(below[2 * l + 1], 3, &most, &best);
                y[j + l] = most;
                at[j + l] = best;
            }
        }
}

/* Vectors read up to 2 RUN floats beyond a plane's end: what comes after it. Where less comes,
 * the plane is copied. What stands there has no effect; it is set so that it is known. */
FELL_KERNEL(forward_planes, struct planes)
{
    const struct window *w = c->w;
    const int64_t in = w->in[ROWS] * w->in[COLS], out = out_plane(w);
    const int64_t planes = c->call->batch * c->call->plan->in[0].dim[0];
    const bool halving = is_halving(w);
    const int64_t room = halving ? in : window_floats(w);
    float *copy = fell_scratch(c->ctx, room + 2 * WINDOW_SLACK, sizeof(float));
    float *y = fell_scratch(c->ctx, out + WINDOW_SLACK, sizeof(float));
    int32_t *at = c->call->saved;

    if (!at)
        at = fell_scratch(c->ctx, saved_plane(w), sizeof *at);
    if (!copy || !y || !at)
        return FELL_ERROR;
    memset(copy + room, 0, 2 * WINDOW_SLACK * sizeof *copy);
    for (int64_t p = c->begin; p < c->end; p++) {
        const float *x = c->call->x[0] + p * in;
        int32_t *to = c->call->saved ? at + p * saved_plane(w) : at;

        if (!halving) {
            window_pad(w, x, (planes - p) * in, -INFINITY, copy);
            pool_plane(w, copy, y, to);
        } else {
            if ((planes - p - 1) * in < 2 * RUN)
                x = memcpy(copy, x, (size_t)in * sizeof *x);
            halve_plane(w, x, y, to);
        }
        memcpy(c->call->y + p * out, y, (size_t)out * sizeof *y);
    }
    return FELL_OK;
}

POOL_FORWARD

/* ---- backward ---------------------------------------------------------------------------- */

/* One plane: add dy to the places that were taken in the padded copy TO. */
FELL_INLINE void spread_plane(const struct window *w, const float *dy, const int32_t *at, float *to)
{
    const int64_t n = w->out[COLS], step = window_step(w);

    for (int64_t i = 0; i < w->out[ROWS]; i++, dy += n, at += n, to += step) {
        int32_t place = 0;

        for (int64_t r = 0; r < w->kernel[ROWS]; r++)
            for (int64_t s = 0; s < w->kernel[COLS]; s++, place++) {
                float *d = to + window_place(w, r, s);

                FELL_EACH for (int64_t j = 0; j < n; j++) d[j] += at[j] == place ? dy[j] : 0.0f;
            }
    }
}

/* One plane of windows of 2 by 2: dx where AT says so, 0 elsewhere. */
FELL_INLINE void double_plane(const struct window *w, const float *dy, const int32_t *at, float *dx)
{
    const int64_t n = w->out[COLS], width = w->in[COLS];

    for (int64_t i = 0; i < w->out[ROWS]; i++, dy += n, at += n)
        for (int32_t place = 0; place < 4; place += 2, dx += width) {
            for (int64_t j = 0; j < n; j += RUN)
                for (int l = 0; l < RUN; l++) {
                    dx[2 * (j + l)] = at[j + l] == place ? dy[j + l] : 0.0f;
                    dx[2 * (j + l) + 1] = at[j + l] == place + 1 ? dy[j + l] : 0.0f;
                }
            for (int64_t j = 2 * n; j < width; j++)
                dx[j] = 0.0f;
        }
    for (int64_t j = 2 * w->out[ROWS] * width; j < w->in[ROWS] * width; j++)
        *dx++ = 0.0f;
}

FELL_KERNEL(backward_planes, struct planes)
{
    const struct window *w = c->w;
    const int64_t in = w->in[ROWS] * w->in[COLS], out = out_plane(w);
    const bool halving = is_halving(w);
    const int64_t room = halving ? in : window_floats(w);
    float *copy = fell_scratch(c->ctx, room + 2 * WINDOW_SLACK, sizeof(float));
    float *dy = fell_scratch(c->ctx, out + WINDOW_SLACK, sizeof(float));

    if (!copy || !dy)
        return FELL_ERROR;
    memset(dy + out, 0, WINDOW_SLACK * sizeof *dy);
    for (int64_t p = c->begin; p < c->end; p++) {
        const int32_t *at = (const int32_t *)c->call->saved + p * saved_plane(w);
        float *dx = c->call->dx[0] + p * in;

        memcpy(dy, c->call->dy + p * out, (size_t)out * sizeof *dy);
        if (halving) {
            double_plane(w, dy, at, copy);
            memcpy(dx, copy, (size_t)in * sizeof *dx);
        } else {
            memset(copy, 0, (size_t)room * sizeof *copy);
            spread_plane(w, dy, at, copy);
            window_unpad(w, copy, dx);
        }
    }
    return FELL_OK;
}

POOL_BACKWARD

static const fell_layer max_pool2d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "max_pool2d",
        "Keeps the largest number of each window of an image, channel by channel.\n\n"
        "[C,H,W] becomes [C,H',W'] with H' = floor((H + 2 padding - dilation (kernel - 1) - 1)\n"
        "/ stride) + 1, and W' likewise; with ceil_mode rounded up, unless the last window would begin\n"
        "behind the image. Padding is never the largest. The gradient goes to the first of equal\n"
        "numbers, as in PyTorch's nn.MaxPool2d.",
        struct max_pool2d, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &max_pool2d.item);
