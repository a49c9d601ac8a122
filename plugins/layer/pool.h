/* pool.h - what the pools over windows share: settings, shapes, work for threads.
 *
 * A plane is one channel of one row of the batch. Pools take them one by one; a
 * plane's results are made in scratch memory, where whole vectors may be written
 * beyond the end, and copied out. Included by max_pool2d and avg_pool2d.
 */
#ifndef LAYER_POOL_H
#define LAYER_POOL_H

#include "window.h"

/* Settings that both pools have, as fell_param lines of the struct S. */
#define POOL_PARAMS(S)                                                                                       \
    FELL_INTS(S, kernel, NULL, 1, 1 << 24, FELL_REQUIRED,                                                    \
              "Height and width of the window in pixels; one number for both."),                             \
        FELL_INTS(S, stride, "[]", 1, 1 << 24, 0,                                                            \
                  "Pixels from one place of the window to the next; [], the default: the window's size."),   \
        FELL_INTS(S, padding, "0", 0, 1 << 24, 0, "Pixels put on every side, at most half of the window."),  \
        FELL_BOOL(S, ceil_mode, false,                                                                       \
                  "Whether a window that only partly lies within the image counts, true or false.")

/* Whether a place of the window W along an axis sees no pixel: it lies beside the image, or a dilated one
 * reaches across it. */
static inline bool pool_sees_nothing(const struct window *w, int axis)
{
    const int64_t dilation = w->dilation[axis];

    for (int64_t o = 0; o < w->out[axis]; o++) {
        const int64_t from = o * w->stride[axis] - w->padding[axis];
        const int64_t skipped = from < 0 ? (-from + dilation - 1) / dilation : 0;

        if (skipped >= w->kernel[axis] || from + skipped * dilation >= w->in[axis])
            return true;
    }
    return false;
}

/* The window W from a pool's settings and the shape of its input. */
static inline fell_status pool_window(fell_ctx *ctx, const fell_shape *in, fell_ints kernel, fell_ints stride,
                                      fell_ints padding, const int64_t dilation[AXES], bool ceil_mode,
                                      struct window *w)
{
    if (window_image(ctx, in, w) != FELL_OK ||
        window_setting(ctx, "kernel", kernel, NULL, w->kernel) != FELL_OK ||
        window_setting(ctx, "stride", stride, w->kernel, w->stride) != FELL_OK ||
        window_setting(ctx, "padding", padding, NULL, w->padding) != FELL_OK)
        return FELL_ERROR;
    for (int a = 0; a < AXES; a++) {
        w->dilation[a] = dilation[a];
        if (w->padding[a] > w->kernel[a] / 2)
            return fell_fail(ctx, "padding: %lld is more than half of the window's %lld",
                             (long long)w->padding[a], (long long)w->kernel[a]);
    }
    if (window_fit(ctx, w, ceil_mode) != FELL_OK)
        return FELL_ERROR;
    for (int a = 0; a < AXES; a++)
        if (pool_sees_nothing(w, a))
            return fell_fail(
                ctx,
                "padding: a window lies wholly in the padding, beside %lld %s, and has nothing to "
                "pool",
                (long long)w->in[a], a == ROWS ? "rows" : "columns");
    return FELL_OK;
}

/* Some planes of a call, for FELL_KERNEL: [begin, end) of batch * channels. */
struct planes {
    fell_ctx *ctx;
    fell_layer_call *call;
    const struct window *w;
    int64_t begin, end;
    fell_status (*run)(struct planes *p);
};

static inline fell_status planes_block(void *arg, int64_t begin, int64_t end)
{
    struct planes p = *(const struct planes *)arg;

    p.begin = begin;
    p.end = end;
    return p.run(&p);
}

/* RUN over all planes of the call, in blocks of about 64K pixels. */
static inline fell_status planes_run(fell_layer_call *c, const struct window *w,
                                     fell_status (*run)(struct planes *p))
{
    struct planes p = {c->ctx, c, w, 0, 0, run};
    const int64_t pixels = w->in[ROWS] * w->in[COLS] + w->out[ROWS] * w->out[COLS];

    return fell_parallel(c->ctx, c->batch * c->plan->in[0].dim[0], pixels < 1 << 16 ? (1 << 16) / pixels : 1,
                         planes_block, &p);
}

/* Forward of a pool with read_settings() and forward_planes(). */
#define POOL_FORWARD                                                                                         \
    static fell_status forward(fell_layer_call *c)                                                           \
    {                                                                                                        \
        struct window w;                                                                                     \
                                                                                                             \
        if (read_settings(c->ctx, c->settings, c->plan, &w) != FELL_OK)                                      \
            return FELL_ERROR;                                                                               \
        return planes_run(c, &w, forward_planes);                                                            \
    }

/* Backward of a pool with read_settings() and backward_planes(). */
#define POOL_BACKWARD                                                                                        \
    static fell_status backward(fell_layer_call *c)                                                          \
    {                                                                                                        \
        struct window w;                                                                                     \
                                                                                                             \
        if (!c->dx[0])                                                                                       \
            return FELL_OK;                                                                                  \
        if (read_settings(c->ctx, c->settings, c->plan, &w) != FELL_OK)                                      \
            return FELL_ERROR;                                                                               \
        return planes_run(c, &w, backward_planes);                                                           \
    }

#endif
