/* pool1d.h - what the pools over one axis share: settings and shapes. The input is an image of one row. */
#ifndef LAYER_POOL1D_H
#define LAYER_POOL1D_H

#include "pool.h"

/* Settings that both have, as fell_param lines of the struct S. */
#define POOL1D_PARAMS(S)                                                                                     \
    FELL_INT(S, kernel, 0, 1, 1 << 24, FELL_REQUIRED, "Length of the window."),                              \
        FELL_INT(S, stride, 0, 0, 1 << 24, 0,                                                                \
                 "Numbers from one place of the window to the next; 0: the window's length."),               \
        FELL_INT(S, padding, 0, 0, 1 << 24, 0, "Numbers put on both ends, at most half of the window."),     \
        FELL_BOOL(S, ceil_mode, false,                                                                       \
                  "Whether a window that only partly lies within the input counts, true or false.")

static inline fell_status pool1d_window(fell_ctx *ctx, const fell_shape *in, int64_t kernel, int64_t stride,
                                        int64_t padding, int64_t dilation, bool ceil_mode, struct window *w)
{
    if (in->rank != 2)
        return fell_fail(ctx, "takes [channels, length]; its input has %lld dimension%s", (long long)in->rank,
                         in->rank == 1 ? "" : "s");
    if (padding > kernel / 2)
        return fell_fail(ctx, "padding: %lld is more than half of the window's %lld", (long long)padding,
                         (long long)kernel);
    *w = (struct window){.in = {1, in->dim[1]},
                         .kernel = {1, kernel},
                         .stride = {1, stride ? stride : kernel},
                         .padding = {0, padding},
                         .dilation = {1, dilation}};
    if (window_fit(ctx, w, ceil_mode) != FELL_OK)
        return FELL_ERROR;
    if (pool_sees_nothing(w, COLS))
        return fell_fail(ctx,
                         "padding: a window lies wholly in the padding, beside %lld numbers, and has nothing "
                         "to pool",
                         (long long)in->dim[1]);
    return FELL_OK;
}

#endif
