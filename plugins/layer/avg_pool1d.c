/* avg_pool1d.c - the mean of each window along one axis. */
#include "pool1d.h"

struct avg_pool1d {
    int64_t kernel, stride, padding;
    bool ceil_mode, count_include_pad;
};

static const fell_param params[] = {
    POOL1D_PARAMS(struct avg_pool1d),
    FELL_BOOL(struct avg_pool1d, count_include_pad, true,
              "Whether the padding counts as numbers of value 0, true or false."),
};

static fell_status read_settings(fell_ctx *ctx, const void *settings, const fell_plan *p, struct window *w)
{
    const struct avg_pool1d *s = settings;

    return pool1d_window(ctx, &p->in[0], s->kernel, s->stride, s->padding, 1, s->ceil_mode, w);
}

static fell_status plan(fell_plan *p)
{
    struct window w;

    if (read_settings(p->ctx, p->settings, p, &w) != FELL_OK)
        return FELL_ERROR;
    p->out = fell_mat(p->in[0].dim[0], w.out[COLS]);
    return FELL_OK;
}

/* The numbers BEGIN to END that window O sees; what their sum is divided by. */
FELL_INLINE float seen(const struct planes *c, int64_t o, int64_t *begin, int64_t *end)
{
    const struct avg_pool1d *s = c->call->settings;
    const struct window *w = c->w;
    const int64_t from = o * w->stride[COLS] - w->padding[COLS], past = from + w->kernel[COLS];
    const int64_t border = w->in[COLS] + w->padding[COLS];

    *begin = from > 0 ? from : 0;
    *end = past < w->in[COLS] ? past : w->in[COLS];
    return (float)(s->count_include_pad ? (past < border ? past : border) - from : *end - *begin);
}

FELL_KERNEL(forward_planes, struct planes)
{
    const int64_t in = c->w->in[COLS], out = c->w->out[COLS];

    for (int64_t p = c->begin; p < c->end; p++)
        for (int64_t o = 0; o < out; o++) {
            int64_t begin, end;
            const float by = seen(c, o, &begin, &end);
            float sum = 0.0f;

            for (int64_t i = begin; i < end; i++)
                sum += c->call->x[0][p * in + i];
            c->call->y[p * out + o] = sum / by;
        }
    return FELL_OK;
}

POOL_FORWARD

FELL_KERNEL(backward_planes, struct planes)
{
    const int64_t in = c->w->in[COLS], out = c->w->out[COLS];

    for (int64_t p = c->begin; p < c->end; p++) {
        float *dx = c->call->dx[0] + p * in;

        memset(dx, 0, (size_t)in * sizeof *dx);
        for (int64_t o = 0; o < out; o++) {
            int64_t begin, end;
            const float by = seen(c, o, &begin, &end), d = c->call->dy[p * out + o] / by;

            for (int64_t i = begin; i < end; i++)
                dx[i] += d;
        }
    }
    return FELL_OK;
}

POOL_BACKWARD

static const fell_layer avg_pool1d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "avg_pool1d",
        "Takes the mean of each window along one axis, channel by channel.\n\n"
        "[C,L] becomes [C,L'] with L' = floor((L + 2 padding - kernel) / stride) + 1; with ceil_mode "
        "rounded\n"
        "up, unless the last window would begin behind the input. The padding counts as zeros unless\n"
        "count_include_pad is false. As PyTorch's nn.AvgPool1d.",
        struct avg_pool1d, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &avg_pool1d.item);
