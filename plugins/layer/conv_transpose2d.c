/* conv_transpose2d.c - the convolution backwards: each input pixel puts a kernel into the output.
 *
 * For each row of the batch, the product of weights and pixels gives [filters, kernel places, pixels], which
 * are added where they belong.
 */
#include "../rows.h"
#include "window.h"

struct conv_transpose2d {
    int64_t filters;
    fell_ints kernel, stride, padding, output_padding, dilation;
    int64_t groups;
    bool bias;
};

static const fell_param params[] = {
    FELL_INT(struct conv_transpose2d, filters, 0, 1, 1 << 24, FELL_REQUIRED,
             "Number of output channels, at least 1."),
    FELL_INTS(struct conv_transpose2d, kernel, NULL, 1, 1 << 24, FELL_REQUIRED,
              "Height and width of the kernel in pixels; one number for both."),
    FELL_INTS(struct conv_transpose2d, stride, "1", 1, 1 << 24, 0,
              "Output pixels from one input pixel's kernel to the next one's."),
    FELL_INTS(struct conv_transpose2d, padding, "0", 0, 1 << 24, 0,
              "Output pixels that are left out on every side."),
    FELL_INTS(struct conv_transpose2d, output_padding, "0", 0, 1 << 24, 0,
              "Output pixels more at the bottom and the right, fewer than the stride or the dilation."),
    FELL_INTS(struct conv_transpose2d, dilation, "1", 1, 1 << 24, 0,
              "Pixels from one weight of the kernel to the next."),
    FELL_INT(struct conv_transpose2d, groups, 1, 1, 1 << 24, 0,
             "Number of parts that channels and filters are cut into, each convolved apart."),
    FELL_BOOL(struct conv_transpose2d, bias, true,
              "Whether a bias is added to each output channel, true or false."),
};

enum { WEIGHT, BIAS };

#define FROM_FAN_IN "{he_uniform: {negative_slope: 2.23606797749979}}"

static const fell_tensor tensors[] = {
    {"weight", "One kernel for each channel and filter: [channels, filters / groups, height, width].",
     FROM_FAN_IN, FELL_WEIGHT},
    {"bias", "One number for each filter: [filters].", FROM_FAN_IN, FELL_BIAS},
};

/* The window slides over the output; its places are the input's pixels. */
struct shapes {
    struct window w;                                   /* in: of this layer's input; out: of its output */
    int64_t channels, filters, groups, places, pixels; /* channels and filters of a group; of the input */
};

static fell_status read_settings(fell_ctx *ctx, const struct conv_transpose2d *s, const fell_plan *p,
                                 struct shapes *v)
{
    int64_t more[AXES];
    struct window *w = &v->w;

    if (window_image(ctx, &p->in[0], w) != FELL_OK ||
        window_setting(ctx, "kernel", s->kernel, NULL, w->kernel) != FELL_OK ||
        window_setting(ctx, "stride", s->stride, NULL, w->stride) != FELL_OK ||
        window_setting(ctx, "padding", s->padding, NULL, w->padding) != FELL_OK ||
        window_setting(ctx, "output_padding", s->output_padding, NULL, more) != FELL_OK ||
        window_setting(ctx, "dilation", s->dilation, NULL, w->dilation) != FELL_OK)
        return FELL_ERROR;
    if (p->in[0].dim[0] % s->groups || s->filters % s->groups)
        return fell_fail(ctx, "groups: %lld do not divide %lld channels and %lld filters",
                         (long long)s->groups, (long long)p->in[0].dim[0], (long long)s->filters);
    for (int a = 0; a < AXES; a++) {
        if (more[a] >= w->stride[a] && more[a] >= w->dilation[a])
            return fell_fail(ctx, "output_padding: %lld is not below the stride or the dilation",
                             (long long)more[a]);
        w->out[a] = (w->in[a] - 1) * w->stride[a] - 2 * w->padding[a] + window_span(w, a) + more[a];
        if (w->out[a] < 1)
            return fell_fail(ctx, "padding: nothing is left of the output");
    }
    v->groups = s->groups;
    v->channels = p->in[0].dim[0] / s->groups;
    v->filters = s->filters / s->groups;
    v->places = w->kernel[ROWS] * w->kernel[COLS];
    v->pixels = w->in[ROWS] * w->in[COLS];
    return FELL_OK;
}

static fell_status plan(fell_plan *p)
{
    const struct conv_transpose2d *s = p->settings;
    struct shapes v;

    if (read_settings(p->ctx, s, p, &v) != FELL_OK)
        return FELL_ERROR;
    p->out = (fell_shape){3, {s->filters, v.w.out[ROWS], v.w.out[COLS]}};
    p->tensor[WEIGHT] = (fell_shape){4, {p->in[0].dim[0], v.filters, v.w.kernel[ROWS], v.w.kernel[COLS]}};
    if (s->bias)
        p->tensor[BIAS] = fell_vec(s->filters);
    return FELL_OK;
}

/* cols[places, pixels] of one filter added to its output plane TO, or with BACK taken from the plane's
 * gradient, 0 where it is left out. */
FELL_INLINE void spread(const struct window *w, float *cols, float *to, bool back)
{
    for (int64_t y = 0; y < w->kernel[ROWS]; y++)
        for (int64_t x = 0; x < w->kernel[COLS]; x++)
            for (int64_t i = 0; i < w->in[ROWS]; i++, cols += w->in[COLS]) {
                const int64_t row = i * w->stride[ROWS] + y * w->dilation[ROWS] - w->padding[ROWS];
                const int64_t left = x * w->dilation[COLS] - w->padding[COLS];

                for (int64_t j = 0; j < w->in[COLS]; j++) {
                    const int64_t col = j * w->stride[COLS] + left;
                    const bool in = row >= 0 && row < w->out[ROWS] && col >= 0 && col < w->out[COLS];

                    if (back)
                        cols[j] = in ? to[row * w->out[COLS] + col] : 0.0f;
                    else if (in)
                        to[row * w->out[COLS] + col] += cols[j];
                }
            }
}

/* Rows of the batch for a thread. */
struct rows {
    fell_layer_call *call;
    const struct shapes *v;
};

/* Output planes of row B: the bias, then what the pixels put there. */
static fell_status forward_rows(void *arg, int64_t begin, int64_t end)
{
    const struct rows *r = arg;
    fell_layer_call *c = r->call;
    const struct shapes *v = r->v;
    const int64_t plane = v->w.out[ROWS] * v->w.out[COLS], m = v->filters * v->places;
    float *cols = fell_scratch(c->ctx, m * v->pixels, sizeof *cols);

    if (!cols)
        return FELL_ERROR;
    for (int64_t i = begin * v->groups; i < end * v->groups; i++) {
        const int64_t g = i % v->groups;
        const float *x = c->x[0] + i * v->channels * v->pixels;
        float *y = c->y + i * v->filters * plane;

        fell_gemm(c->ctx, m, v->pixels, v->channels, c->tensor[WEIGHT] + g * v->channels * m, m, true, x,
                  v->pixels, false, cols, v->pixels, false);
        for (int64_t f = 0; f < v->filters; f++) {
            const float bias = c->tensor[BIAS] ? c->tensor[BIAS][g * v->filters + f] : 0.0f;

            for (int64_t j = 0; j < plane; j++)
                y[f * plane + j] = bias;
            spread(&v->w, cols + f * v->places * v->pixels, y + f * plane, false);
        }
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    struct shapes v;
    struct rows r = {c, &v};

    if (read_settings(c->ctx, c->settings, c->plan, &v) != FELL_OK)
        return FELL_ERROR;
    return fell_parallel(c->ctx, c->batch, 1, forward_rows, &r);
}

/* db += the planes of dy, over the rows upwards, in double. */
static void add_bias(const fell_layer_call *c, const struct shapes *v)
{
    const int64_t plane = v->w.out[ROWS] * v->w.out[COLS], filters = v->groups * v->filters;

    for (int64_t f = 0; f < filters; f++) {
        double sum = 0.0;

        for (int64_t b = 0; b < c->batch; b++)
            sum += rows_total(c->dy + (b * filters + f) * plane, plane);
        c->grad[BIAS][f] += (float)sum;
    }
}

/* Row by row upwards, so that the weights' gradient has one order: dW += x cols', dx = W cols. */
static fell_status backward(fell_layer_call *c)
{
    struct shapes v;
    int64_t plane, m;
    float *cols;

    if (read_settings(c->ctx, c->settings, c->plan, &v) != FELL_OK)
        return FELL_ERROR;
    plane = v.w.out[ROWS] * v.w.out[COLS];
    m = v.filters * v.places;
    cols = fell_scratch(c->ctx, m * v.pixels, sizeof *cols);
    if (!cols)
        return FELL_ERROR;
    if (c->grad[BIAS])
        add_bias(c, &v);
    for (int64_t i = 0; i < c->batch * v.groups; i++) {
        const int64_t at = i % v.groups * v.channels * m, pixel = i * v.channels * v.pixels;

        for (int64_t f = 0; f < v.filters; f++) /* only read */
            spread(&v.w, cols + f * v.places * v.pixels, (float *)(c->dy + (i * v.filters + f) * plane),
                   true);
        if (c->grad[WEIGHT])
            fell_gemm(c->ctx, v.channels, m, v.pixels, c->x[0] + pixel, v.pixels, false, cols, v.pixels, true,
                      c->grad[WEIGHT] + at, m, true);
        if (c->dx[0])
            fell_gemm(c->ctx, v.channels, v.pixels, m, c->tensor[WEIGHT] + at, m, false, cols, v.pixels,
                      false, c->dx[0] + pixel, v.pixels, false);
    }
    return FELL_OK;
}

static const fell_layer conv_transpose2d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "conv_transpose2d",
        "Convolution backwards: each input pixel puts a weighted kernel into a larger output.\n\n"
        "[C,H,W] becomes [filters,H',W'] with H' = (H - 1) stride - 2 padding + dilation (kernel - 1) +\n"
        "output_padding + 1, and W' likewise: y[f, i stride + u dilation - padding, ...] += sum over c of\n"
        "W[c,f,u,v] x[c,i,j], from b[f]. By default weight and bias are uniform between -1/sqrt(n) and\n"
        "1/sqrt(n), n the numbers of filters and places of a kernel. V. Dumoulin and F. Visin, \"A guide to\n"
        "convolution arithmetic for deep learning\", 2016, chapter 4. As PyTorch's nn.ConvTranspose2d.",
        struct conv_transpose2d, params),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &conv_transpose2d.item);
