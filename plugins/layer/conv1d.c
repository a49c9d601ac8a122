/* conv1d.c - the convolution over one axis. See conv.h for how it is computed: here
 * the input is an image of one row.
 */
#include "conv.h"

struct conv1d {
    int64_t filters, kernel, stride, padding, dilation, groups;
    bool bias;
};

static const fell_param params[] = {
    FELL_INT(struct conv1d, filters, 0, 1, 1 << 24, FELL_REQUIRED, "Number of output channels, at least 1."),
    FELL_INT(struct conv1d, kernel, 0, 1, 1 << 24, FELL_REQUIRED, "Length of the kernel."),
    FELL_INT(struct conv1d, stride, 1, 1, 1 << 24, 0, "Numbers from one place of the kernel to the next."),
    FELL_INT(struct conv1d, padding, 0, 0, 1 << 24, 0, "Zeros put on both ends."),
    FELL_INT(struct conv1d, dilation, 1, 1, 1 << 24, 0, "Numbers from one weight of the kernel to the next."),
    FELL_INT(struct conv1d, groups, 1, 1, 1 << 24, 0,
             "Number of parts that channels and filters are cut into, each convolved apart."),
    FELL_BOOL(struct conv1d, bias, true, "Whether a bias is added to each output channel, true or false."),
};

static const fell_tensor tensors[] = {
    {"weight", "One kernel for each filter: [filters, channels / groups, length].", FROM_FAN_IN, FELL_WEIGHT},
    {"bias", "One number for each filter: [filters].", FROM_FAN_IN, FELL_BIAS},
};

static fell_status read_settings(fell_ctx *ctx, const struct conv1d *s, const fell_plan *p, struct conv *v)
{
    const fell_shape *in = &p->in[0];

    if (in->rank != 2)
        return fell_fail(ctx, "takes [channels, length]; its input has %lld dimension%s", (long long)in->rank,
                         in->rank == 1 ? "" : "s");
    v->w = (struct window){.in = {1, in->dim[1]},
                           .kernel = {1, s->kernel},
                           .stride = {1, s->stride},
                           .padding = {0, s->padding},
                           .dilation = {1, s->dilation}};
    return conv_fit(ctx, v, s->groups, in->dim[0], s->filters);
}

static fell_status plan(fell_plan *p)
{
    const struct conv1d *s = p->settings;
    struct conv v;

    if (read_settings(p->ctx, s, p, &v) != FELL_OK)
        return FELL_ERROR;
    p->out = fell_mat(s->filters, v.w.out[COLS]);
    p->tensor[WEIGHT] = (fell_shape){3, {s->filters, v.channels, s->kernel, 0}};
    if (s->bias)
        p->tensor[BIAS] = fell_vec(s->filters);
    return FELL_OK;
}

CONV_CALLS

static const fell_layer conv1d = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "conv1d",
        "Convolution over one axis: each output is a weighted sum of a short window of all channels.\n\n"
        "[C,L] becomes [filters,L'] with L' = floor((L + 2 padding - dilation (kernel - 1) - 1)\n"
        "/ stride) + 1: y[f,i] = b[f] + sum over c,u of W[f,c,u] x[c, i stride + u dilation - padding],\n"
        "beyond the ends 0, as PyTorch's nn.Conv1d. With groups, filters of a part see the channels of\n"
        "that part alone. By default weight and bias are uniform between -1/sqrt(n) and 1/sqrt(n), n the\n"
        "weights of a filter.",
        struct conv1d, params),
    .tensors = tensors,
    .ntensors = TENSORS,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &conv1d.item);
