/* prelu.c - leaky_relu with slopes that are learnt. */
#include "../rows.h"

struct prelu {
    bool shared;
};

static const fell_param params[] = {
    FELL_BOOL(struct prelu, shared, true,
              "Whether all channels have one slope, true, or each its own, false."),
};

static const fell_tensor tensors[] = {
    {"weight", "Slope for negative inputs: [1], or [channels].", "{constant: {value: 0.25}}", FELL_WEIGHT},
};

static fell_status plan(fell_plan *p)
{
    const struct prelu *s = p->settings;

    p->out = p->in[0];
    p->tensor[0] = fell_vec(s->shared ? 1 : p->in[0].dim[0]);
    return FELL_OK;
}

/* Channels of a row, and floats of each. */
FELL_INLINE int64_t channels_of(const fell_layer_call *c, int64_t *pixels)
{
    const int64_t n = c->plan->tensor[0].dim[0];

    *pixels = fell_size(&c->plan->in[0]) / n;
    return n;
}

FELL_KERNEL(forward, fell_layer_call)
{
    int64_t pixels;
    const int64_t n = channels_of(c, &pixels);
    const float *w = c->tensor[0];

    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * n * pixels;
        float *y = c->y + i * n * pixels;

        if (pixels == 1) {
            FELL_EACH for (int64_t k = 0; k < n; k++) y[k] = x[k] > 0.0f ? x[k] : w[k] * x[k];
            continue;
        }
        for (int64_t k = 0; k < n; k++, x += pixels, y += pixels)
            FELL_EACH for (int64_t j = 0; j < pixels; j++) y[j] = x[j] > 0.0f ? x[j] : w[k] * x[j];
    }
    return FELL_OK;
}

/* The sum of dy x over the inputs that are not above 0, by blocks. */
FELL_INLINE double below_zero(const float *x, const float *dy, int64_t n)
{
    enum { BLOCK = 256 };
    float part[BLOCK];
    double sum = 0.0;

    for (int64_t i = 0; i < n; i += BLOCK) {
        const int64_t m = n - i < BLOCK ? n - i : BLOCK;

        FELL_EACH for (int64_t j = 0; j < m; j++) part[j] = x[i + j] > 0.0f ? 0.0f : dy[i + j] * x[i + j];
        sum += rows_total(part, m);
    }
    return sum;
}

/* dw of each channel over the rows upwards, in double. */
FELL_KERNEL(slope_gradient, fell_layer_call)
{
    int64_t pixels;
    const int64_t n = channels_of(c, &pixels);
    double *sum = fell_scratch(c->ctx, n, sizeof *sum);

    if (!sum)
        return FELL_ERROR;
    for (int64_t k = 0; k < n; k++)
        sum[k] = 0.0;
    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * n * pixels, *dy = c->dy + i * n * pixels;

        if (pixels == 1) {
            FELL_EACH for (int64_t k = 0; k < n; k++) sum[k] += x[k] > 0.0f ? 0.0 : (double)(dy[k] * x[k]);
            continue;
        }
        for (int64_t k = 0; k < n; k++)
            sum[k] += below_zero(x + k * pixels, dy + k * pixels, pixels);
    }
    for (int64_t k = 0; k < n; k++)
        c->grad[0][k] += (float)sum[k];
    return FELL_OK;
}

FELL_KERNEL(pass_back, fell_layer_call)
{
    int64_t pixels;
    const int64_t n = channels_of(c, &pixels);
    const float *w = c->tensor[0];

    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * n * pixels, *dy = c->dy + i * n * pixels;
        float *dx = c->dx[0] + i * n * pixels;

        if (pixels == 1) {
            FELL_EACH for (int64_t k = 0; k < n; k++) dx[k] = x[k] > 0.0f ? dy[k] : w[k] * dy[k];
            continue;
        }
        for (int64_t k = 0; k < n; k++, x += pixels, dy += pixels, dx += pixels)
            FELL_EACH for (int64_t j = 0; j < pixels; j++) dx[j] = x[j] > 0.0f ? dy[j] : w[k] * dy[j];
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    if (c->grad[0] && slope_gradient(c) != FELL_OK)
        return FELL_ERROR;
    return c->dx[0] ? pass_back(c) : FELL_OK;
}

static const fell_layer prelu = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "prelu",
        "Rectified linear unit whose slope for negative inputs is learnt.\n\n"
        "y = x for x > 0, else w x, with one w, at first 0.25, or one for each channel: each number\n"
        "of a vector, each plane of an image [C,H,W]. K. He et al., \"Delving deep into rectifiers\",\n"
        "ICCV 2015. As PyTorch's PReLU.",
        struct prelu, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &prelu.item);
