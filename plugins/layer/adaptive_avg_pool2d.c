/* adaptive_avg_pool2d.c - means of as many windows of an image as are wanted. */
#include "both_ways.h"
#include "window.h"

struct adaptive_avg_pool2d {
    fell_ints output;
};

static const fell_param params[] = {
    FELL_INTS(struct adaptive_avg_pool2d, output, NULL, 1, 1 << 24, FELL_REQUIRED,
              "Height and width of the output in pixels; one number for both."),
};

static fell_status plan(fell_plan *p)
{
    const struct adaptive_avg_pool2d *s = p->settings;
    int64_t out[AXES];
    struct window w;

    if (window_image(p->ctx, &p->in[0], &w) != FELL_OK ||
        window_setting(p->ctx, "output", s->output, NULL, out) != FELL_OK)
        return FELL_ERROR;
    p->out = (fell_shape){3, {p->in[0].dim[0], out[ROWS], out[COLS]}};
    return FELL_OK;
}

/* The pixels BEGIN to END of N that window O of OUT sees. */
FELL_INLINE void seen(int64_t n, int64_t out, int64_t o, int64_t *begin, int64_t *end)
{
    *begin = o * n / out;
    *end = ((o + 1) * n + out - 1) / out;
}

/* The sum of the window (I,J) of a plane X of width WIDTH, or with DX not NULL, D added to all its pixels. */
FELL_INLINE float window(const int64_t rows[2], const int64_t cols[2], int64_t width, const float *x,
                         float *dx, float d)
{
    double sum = 0.0;

    for (int64_t r = rows[0]; r < rows[1]; r++)
        for (int64_t k = cols[0]; k < cols[1]; k++)
            if (dx)
                dx[r * width + k] += d;
            else
                sum += (double)x[r * width + k];
    return (float)(sum / (double)((rows[1] - rows[0]) * (cols[1] - cols[0])));
}

static fell_status pool(const fell_layer_call *c, bool back)
{
    const fell_shape *in = &c->plan->in[0], *out = &c->plan->out;
    const int64_t pixels = in->dim[1] * in->dim[2];

    for (int64_t p = 0; p < c->batch * in->dim[0]; p++)
        for (int64_t i = 0; i < out->dim[1]; i++)
            for (int64_t j = 0; j < out->dim[2]; j++) {
                const int64_t at = (p * out->dim[1] + i) * out->dim[2] + j;
                int64_t r[2], k[2];

                seen(in->dim[1], out->dim[1], i, &r[0], &r[1]);
                seen(in->dim[2], out->dim[2], j, &k[0], &k[1]);
                if (back)
                    window(r, k, in->dim[2], NULL, c->dx[0] + p * pixels,
                           c->dy[at] / (float)((r[1] - r[0]) * (k[1] - k[0])));
                else
                    c->y[at] = window(r, k, in->dim[2], c->x[0] + p * pixels, NULL, 0.0f);
            }
    return FELL_OK;
}

LAYER_BOTH_WAYS(pool)

static const fell_layer adaptive_avg_pool2d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "adaptive_avg_pool2d",
        "Takes means over an image so that the output is of a given size, whatever the input's.\n\n"
        "[C,H,W] becomes [C,H',W'] with `output: [H', W']`: row i is the mean of the rows from\n"
        "floor(i H / H') to ceil((i+1) H / H'), columns likewise; windows may overlap. As PyTorch's\n"
        "nn.AdaptiveAvgPool2d.",
        struct adaptive_avg_pool2d, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adaptive_avg_pool2d.item);
