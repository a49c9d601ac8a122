/* conv2d.c - the convolution over images. See conv.h for how it is computed. */
#include "conv.h"

struct conv2d {
    int64_t filters;
    fell_ints kernel, stride, padding, dilation;
    int64_t groups;
    bool bias;
};

static const fell_param params[] = {
    FELL_INT(struct conv2d, filters, 0, 1, 1 << 24, FELL_REQUIRED, "Number of output channels, at least 1."),
    FELL_INTS(struct conv2d, kernel, NULL, 1, 1 << 24, FELL_REQUIRED,
              "Height and width of the kernel in pixels; one number for both."),
    FELL_INTS(struct conv2d, stride, "1", 1, 1 << 24, 0, "Pixels from one place of the kernel to the next."),
    FELL_INTS(struct conv2d, padding, "0", 0, 1 << 24, 0, "Pixels of zeros put on every side."),
    FELL_INTS(struct conv2d, dilation, "1", 1, 1 << 24, 0,
              "Pixels from one weight of the kernel to the next."),
    FELL_INT(struct conv2d, groups, 1, 1, 1 << 24, 0,
             "Number of parts that channels and filters are cut into, each convolved apart."),
    FELL_BOOL(struct conv2d, bias, true, "Whether a bias is added to each output channel, true or false."),
};

static const fell_tensor tensors[] = {
    {"weight", "One kernel for each filter: [filters, channels / groups, height, width].", FROM_FAN_IN,
     FELL_WEIGHT},
    {"bias", "One number for each filter: [filters].", FROM_FAN_IN, FELL_BIAS},
};

static fell_status read_settings(fell_ctx *ctx, const struct conv2d *s, const fell_plan *p, struct conv *v)
{
    struct window *w = &v->w;

    if (window_image(ctx, &p->in[0], w) != FELL_OK ||
        window_setting(ctx, "kernel", s->kernel, NULL, w->kernel) != FELL_OK ||
        window_setting(ctx, "stride", s->stride, NULL, w->stride) != FELL_OK ||
        window_setting(ctx, "padding", s->padding, NULL, w->padding) != FELL_OK ||
        window_setting(ctx, "dilation", s->dilation, NULL, w->dilation) != FELL_OK)
        return FELL_ERROR;
    return conv_fit(ctx, v, s->groups, p->in[0].dim[0], s->filters);
}

static fell_status plan(fell_plan *p)
{
    const struct conv2d *s = p->settings;
    struct conv v;

    if (read_settings(p->ctx, s, p, &v) != FELL_OK)
        return FELL_ERROR;
    p->out = (fell_shape){3, {s->filters, v.w.out[ROWS], v.w.out[COLS]}};
    p->tensor[WEIGHT] = (fell_shape){4, {s->filters, v.channels, v.w.kernel[ROWS], v.w.kernel[COLS]}};
    if (s->bias)
        p->tensor[BIAS] = fell_vec(s->filters);
    return FELL_OK;
}

CONV_CALLS

static const fell_layer conv2d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "conv2d",
        "Convolution over images: each output pixel is a weighted sum of a small window of all channels.\n\n"
        "[C,H,W] becomes [filters,H',W'] with H' = floor((H + 2 padding - dilation (kernel - 1) - 1)\n"
        "/ stride) + 1, and W' likewise: y[f,i,j] = b[f] + sum over c,u,v of W[f,c,u,v]\n"
        "x[c, i stride + u dilation - padding, j stride + v dilation - padding], outside the image 0, as\n"
        "PyTorch's nn.Conv2d. With groups, filters of a part see the channels of that part alone. By\n"
        "default weight and bias are uniform between -1/sqrt(n) and 1/sqrt(n), n the weights of a filter.\n"
        "Y. LeCun et al., \"Gradient-based learning applied to document recognition\", Proc. IEEE 86, 1998.",
        struct conv2d, params),
    .tensors = tensors,
    .ntensors = TENSORS,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &conv2d.item);
