/* window.h - the window that slides over an image in convolutions and pools.
 *
 * Here are its shapes, with the checks that all such layers share, and the padded
 * copy of a channel that they read. In that copy a row is split by the column's
 * remainder modulo the stride ("phases"): what one place of the kernel reads at
 * successive places of the output then lies side by side, whatever the stride, and
 * is read by whole vectors. Included by conv.h and the pools.
 *
 * Loops move RUN floats at a time and so may read and write up to RUN - 1 floats
 * beyond the end of a row: rows are written upwards, so that the next one mends
 * it, and every buffer has WINDOW_SLACK floats more at its end.
 */
#ifndef LAYER_WINDOW_H
#define LAYER_WINDOW_H

#include "fell/plugin.h"

enum { ROWS, COLS, AXES };
enum { RUN = 16, WINDOW_SLACK = 2 * RUN };

struct window {
    int64_t in[AXES], out[AXES]; /* rows and columns */
    int64_t kernel[AXES], stride[AXES], padding[AXES], dilation[AXES];
};

/* One number for both axes, or one for each; FALLBACK, if there is one, for an empty list. */
static inline fell_status window_setting(fell_ctx *ctx, const char *name, fell_ints given,
                                         const int64_t *fallback, int64_t out[AXES])
{
    for (int a = 0; a < AXES; a++)
        out[a] = given.n > 0 ? given.v[given.n > 1 ? a : 0] : fallback ? fallback[a] : 1;
    if (given.n > AXES || (given.n == 0 && !fallback))
        return fell_fail(ctx, "%s: %lld values; it takes one, or two for height and width", name,
                         (long long)given.n);
    return FELL_OK;
}

/* The image that slides under the window must be one. */
static inline fell_status window_image(fell_ctx *ctx, const fell_shape *in, struct window *w)
{
    if (in->rank != 3)
        return fell_fail(ctx, "takes images [channels, height, width]; its input has %lld dimension%s",
                         (long long)in->rank, in->rank == 1 ? "" : "s");
    w->in[ROWS] = in->dim[1];
    w->in[COLS] = in->dim[2];
    return FELL_OK;
}

/* Floats from the first to the last of the kernel's places, both counted. */
static inline int64_t window_span(const struct window *w, int axis)
{
    return w->dilation[axis] * (w->kernel[axis] - 1) + 1;
}

/* The output's size: as many places as the window has within the padded image. With
 * ROUND_UP one more where the image is not used up, if it starts before the padding
 * behind the image. As in PyTorch's nn.Conv2d and nn.MaxPool2d. */
static inline fell_status window_fit(fell_ctx *ctx, struct window *w, bool round_up)
{
    static const char *const things[AXES] = {"rows", "columns"};

    for (int a = 0; a < AXES; a++) {
        const int64_t room = w->in[a] + 2 * w->padding[a] - window_span(w, a);

        if (room < 0 && !(round_up && room + w->stride[a] > 0))
            return fell_fail(ctx, "kernel: spans %lld %s, but the input has %lld%s",
                             (long long)window_span(w, a), things[a],
                             (long long)(w->in[a] + 2 * w->padding[a]),
                             w->padding[a] ? " with its padding" : "");
        w->out[a] = room < 0 ? 1 : room / w->stride[a] + 1;
        if (round_up && room > 0 && room % w->stride[a] != 0 &&
            w->out[a] * w->stride[a] < w->in[a] + w->padding[a])
            w->out[a]++;
    }
    return FELL_OK;
}

/* ---- the padded copy of a channel ----------------------------------------------------- */

/* Floats of one phase of a row, of a row, and of a channel. */
FELL_INLINE int64_t window_phase(const struct window *w)
{
    return (window_span(w, COLS) - 1) / w->stride[COLS] + w->out[COLS];
}

FELL_INLINE int64_t window_row(const struct window *w)
{
    return w->stride[COLS] * window_phase(w);
}

FELL_INLINE int64_t window_rows(const struct window *w)
{
    return window_span(w, ROWS) + (w->out[ROWS] - 1) * w->stride[ROWS];
}

FELL_INLINE int64_t window_floats(const struct window *w)
{
    return window_rows(w) * window_row(w);
}

/* Where the kernel's place (Y,X) reads for output (0,0); output (i,j) is j floats and
 * i * window_step() on. */
FELL_INLINE int64_t window_place(const struct window *w, int64_t y, int64_t x)
{
    const int64_t column = x * w->dilation[COLS];

    return y * w->dilation[ROWS] * window_row(w) + column % w->stride[COLS] * window_phase(w) +
           column / w->stride[COLS];
}

FELL_INLINE int64_t window_step(const struct window *w)
{
    return w->stride[ROWS] * window_row(w);
}

/* Copy N floats, and up to RUN - 1 more as far as READABLE ones are there. */
FELL_INLINE void window_copy_run(float *to, const float *from, int64_t n, int64_t readable)
{
    int64_t j = 0;

    for (; j < n && j + RUN <= readable; j += RUN)
        memcpy(to + j, from + j, RUN * sizeof *to);
    for (; j < n; j++)
        to[j] = from[j];
}

/* N times VALUE, and up to RUN - 1 times more. */
FELL_INLINE void window_fill_run(float *to, float value, int64_t n)
{
    for (int64_t j = 0; j < n; j += RUN)
        for (int l = 0; l < RUN; l++)
            to[j + l] = value;
}

/* The columns [*begin, *end) of phase R that lie within the image; column Q of it is the
 * image's column Q * stride + R - padding. */
FELL_INLINE void window_inside(const struct window *w, int64_t r, int64_t *begin, int64_t *end)
{
    const int64_t s = w->stride[COLS], first = w->padding[COLS] - r, past = first + w->in[COLS];
    const int64_t phase = window_phase(w);

    *begin = first > 0 ? (first + s - 1) / s : 0;
    *end = past > 0 ? (past + s - 1) / s : 0;
    *end = *end < phase ? *end : phase;
    *begin = *begin < *end ? *begin : *end;
}

/* TO (window_floats) = the channel X, with FILL around it. READABLE floats lie from X to
 * the end of the tensor. */
FELL_INLINE void window_pad(const struct window *w, const float *x, int64_t readable, float fill, float *to)
{
    const int64_t rows = window_rows(w), phase = window_phase(w), s = w->stride[COLS];

    for (int64_t i = 0; i < rows; i++) {
        const int64_t row = i - w->padding[ROWS], at = row * w->in[COLS];

        if (row < 0 || row >= w->in[ROWS]) {
            window_fill_run(to, fill, s * phase);
            to += s * phase;
            continue;
        }
        for (int64_t r = 0; r < s; r++, to += phase) {
            const int64_t shift = r - w->padding[COLS];
            int64_t begin, end;

            window_inside(w, r, &begin, &end);
            window_fill_run(to, fill, begin);
            if (s == 1)
                window_copy_run(to + begin, x + at + begin + shift, end - begin,
                                readable - at - begin - shift);
            else if (s == 2)
                FELL_EACH for (int64_t q = begin; q < end; q++) to[q] = x[at + 2 * q + shift];
            else
                for (int64_t q = begin; q < end; q++)
                    to[q] = x[at + s * q + shift];
            window_fill_run(to + end, fill, phase - end);
        }
    }
}

/* The way back: the channel X = what its padded copy FROM holds, 0 where the window
 * never comes. */
FELL_INLINE void window_unpad(const struct window *w, const float *from, float *x)
{
    const int64_t rows = window_rows(w), phase = window_phase(w), s = w->stride[COLS];

    memset(x, 0, (size_t)(w->in[ROWS] * w->in[COLS]) * sizeof *x);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t row = i - w->padding[ROWS];
        float *to = x + row * w->in[COLS];

        for (int64_t r = 0; r < s; r++, from += phase) {
            const int64_t shift = r - w->padding[COLS];
            int64_t begin = 0, end = 0;

            if (row >= 0 && row < w->in[ROWS])
                window_inside(w, r, &begin, &end);
            if (s == 1)
                FELL_EACH for (int64_t q = begin; q < end; q++) to[q + shift] = from[q];
            else
                for (int64_t q = begin; q < end; q++)
                    to[s * q + shift] = from[q];
        }
    }
}

#endif
