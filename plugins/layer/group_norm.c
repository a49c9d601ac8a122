/* group_norm.c - each group of channels of a row with mean 0 and deviation 1. */
#include "norm.h"

struct group_norm {
    int64_t num_groups;
    double epsilon;
    bool affine, bias;
};

static const fell_param params[] = {
    FELL_INT(struct group_norm, num_groups, 0, 1, 1 << 24, FELL_REQUIRED,
             "Number of groups that the channels are cut into, at least 1 and a divisor of their number."),
    FELL_FLOAT(struct group_norm, epsilon, 1e-5, 0, INFINITY, FELL_MAX_OPEN,
               "Added to the variance, from 0 up."),
    FELL_BOOL(struct group_norm, affine, true,
              "Whether each channel then gets a weight and a bias, true or false."),
    FELL_BOOL(struct group_norm, bias, true, "Whether there is a bias beside the weight, true or false."),
};

enum { WEIGHT, BIAS };

static const fell_tensor tensors[] = {
    {"weight", "Factor of each channel: [channels].", "ones", FELL_WEIGHT},
    {"bias", "Added to each channel: [channels].", "zeros", FELL_BIAS},
};

static fell_status plan(fell_plan *p)
{
    const struct group_norm *s = p->settings;
    const int64_t channels = p->in[0].dim[0];

    if (channels % s->num_groups)
        return fell_fail(p->ctx, "num_groups: %lld groups do not divide %lld channels",
                         (long long)s->num_groups, (long long)channels);
    p->out = p->in[0];
    if (s->affine)
        p->tensor[WEIGHT] = fell_vec(channels);
    if (s->affine && s->bias)
        p->tensor[BIAS] = fell_vec(channels);
    p->saved_bytes = p->max_batch * s->num_groups * (int64_t)sizeof(struct norm);
    return FELL_OK;
}

/* Channels of a group, floats of a channel, floats of a group. */
struct sizes {
    int64_t channels, pixels, n;
};

FELL_INLINE struct sizes sizes_of(const fell_layer_call *c)
{
    const struct group_norm *s = c->settings;
    const fell_shape *in = &c->plan->in[0];
    const int64_t channels = in->dim[0] / s->num_groups, pixels = fell_size(in) / in->dim[0];

    return (struct sizes){channels, pixels, channels * pixels};
}

FELL_KERNEL(forward, fell_layer_call)
{
    const struct group_norm *s = c->settings;
    const struct sizes z = sizes_of(c);
    const float *w = c->tensor[WEIGHT], *b = c->tensor[BIAS];
    struct norm *saved = c->saved;

    for (int64_t i = 0; i < c->batch * s->num_groups; i++) {
        const struct norm by = norm_of(c->x[0] + i * z.n, z.n, s->epsilon);
        const int64_t first = i % s->num_groups * z.channels;
        float *y = c->y + i * z.n;

        norm_apply(by, c->x[0] + i * z.n, z.n, y);
        for (int64_t k = 0; w && k < z.channels; k++, y += z.pixels) {
            const float shift = b ? b[first + k] : 0.0f;

            FELL_EACH for (int64_t j = 0; j < z.pixels; j++) y[j] = y[j] * w[first + k] + shift;
        }
        if (saved)
            saved[i] = by;
    }
    return FELL_OK;
}

/* Over the rows upwards, in double. */
FELL_KERNEL(backward, fell_layer_call)
{
    const struct group_norm *s = c->settings;
    const struct sizes z = sizes_of(c);
    const int64_t channels = c->plan->in[0].dim[0];
    const float *w = c->tensor[WEIGHT];
    const struct norm *saved = c->saved;
    float *h = fell_scratch(c->ctx, z.n, sizeof *h), *g = fell_scratch(c->ctx, z.n, sizeof *g);
    double *dw = fell_scratch(c->ctx, channels, sizeof *dw), *db = fell_scratch(c->ctx, channels, sizeof *db);

    if (!h || !g || !dw || !db)
        return FELL_ERROR;
    for (int64_t k = 0; k < channels; k++)
        dw[k] = db[k] = 0.0;
    for (int64_t i = 0; i < c->batch * s->num_groups; i++) {
        const int64_t first = i % s->num_groups * z.channels;

        norm_apply(saved[i], c->x[0] + i * z.n, z.n, h);
        for (int64_t k = 0; k < z.channels; k++) {
            const float *dy = c->dy + i * z.n + k * z.pixels, *part = h + k * z.pixels;
            const float factor = w ? w[first + k] : 1.0f;

            dw[first + k] += rows_dot_total(dy, part, z.pixels);
            db[first + k] += rows_total(dy, z.pixels);
            FELL_EACH for (int64_t j = 0; j < z.pixels; j++) g[k * z.pixels + j] = dy[j] * factor;
        }
        if (c->dx[0])
            norm_back(saved[i], h, g, z.n, c->dx[0] + i * z.n);
    }
    for (int64_t k = 0; c->grad[WEIGHT] && k < channels; k++)
        c->grad[WEIGHT][k] += (float)dw[k];
    for (int64_t k = 0; c->grad[BIAS] && k < channels; k++)
        c->grad[BIAS][k] += (float)db[k];
    return FELL_OK;
}

static const fell_layer group_norm = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "group_norm",
        "Gives each group of channels of a row mean 0 and deviation 1.\n\n"
        "y = w (x - mean) / sqrt(variance + epsilon) + b, with the population variance over all\n"
        "numbers of the group, of an image [C,H,W], a sequence of C channels or a vector [C]. Y. Wu\n"
        "and K. He, \"Group normalization\", ECCV 2018. As PyTorch's GroupNorm.",
        struct group_norm, params),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &group_norm.item);
