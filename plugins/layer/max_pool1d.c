/* max_pool1d.c - the largest number of each window along one axis. */
#include "pool1d.h"

struct max_pool1d {
    int64_t kernel, stride, padding;
    bool ceil_mode;
    int64_t dilation;
};

static const fell_param params[] = {
    POOL1D_PARAMS(struct max_pool1d),
    FELL_INT(struct max_pool1d, dilation, 1, 1, 1 << 24, 0,
             "Numbers from one place of the window to the next within it."),
};

static fell_status read_settings(fell_ctx *ctx, const void *settings, const fell_plan *p, struct window *w)
{
    const struct max_pool1d *s = settings;

    return pool1d_window(ctx, &p->in[0], s->kernel, s->stride, s->padding, s->dilation, s->ceil_mode, w);
}

static fell_status plan(fell_plan *p)
{
    struct window w;

    if (read_settings(p->ctx, p->settings, p, &w) != FELL_OK)
        return FELL_ERROR;
    p->out = fell_mat(p->in[0].dim[0], w.out[COLS]);
    p->saved_bytes = p->max_batch * fell_size(&p->out) * (int64_t)sizeof(int32_t);
    return FELL_OK;
}

/* saved: [B,C,out] the place that was taken. A later number is taken only if it is larger; a NaN always. */
FELL_KERNEL(forward_planes, struct planes)
{
    const struct window *w = c->w;
    const int64_t in = w->in[COLS], out = w->out[COLS];
    int32_t *at = c->call->saved;

    for (int64_t p = c->begin; p < c->end; p++) {
        const float *x = c->call->x[0] + p * in;

        for (int64_t o = 0; o < out; o++) {
            float most = -INFINITY;
            int64_t place = -1;

            for (int64_t k = 0; k < w->kernel[COLS]; k++) {
                const int64_t i = o * w->stride[COLS] - w->padding[COLS] + k * w->dilation[COLS];

                if (i < 0 || i >= in)
                    continue;
                if (place < 0 || x[i] > most || x[i] != x[i]) {
                    most = x[i];
                    place = i;
                }
            }
            c->call->y[p * out + o] = most;
            if (at)
                at[p * out + o] = (int32_t)place;
        }
    }
    return FELL_OK;
}

POOL_FORWARD

FELL_KERNEL(backward_planes, struct planes)
{
    const int64_t in = c->w->in[COLS], out = c->w->out[COLS];
    const int32_t *at = c->call->saved;

    for (int64_t p = c->begin; p < c->end; p++) {
        float *dx = c->call->dx[0] + p * in;

        memset(dx, 0, (size_t)in * sizeof *dx);
        for (int64_t o = 0; o < out; o++)
            dx[at[p * out + o]] += c->call->dy[p * out + o];
    }
    return FELL_OK;
}

POOL_BACKWARD

static const fell_layer max_pool1d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "max_pool1d",
        "Keeps the largest number of each window along one axis, channel by channel.\n\n"
        "[C,L] becomes [C,L'] with L' = floor((L + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; "
        "with\n"
        "ceil_mode rounded up, unless the last window would begin behind the input. Padding is never the\n"
        "largest. As PyTorch's nn.MaxPool1d.",
        struct max_pool1d, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &max_pool1d.item);
