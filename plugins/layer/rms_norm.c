/* rms_norm.c - each row, or each step of a sequence, with a root mean square of 1. */
#include "norm.h"

struct rms_norm {
    fell_ints normalized_shape;
    double epsilon;
    bool elementwise_affine;
};

static const fell_param params[] = {
    NORM_SHAPE(struct rms_norm),
    FELL_FLOAT(struct rms_norm, epsilon, 1e-6, 0, INFINITY, FELL_MAX_OPEN,
               "Added to the mean of the squares, from 0 up."),
    FELL_BOOL(struct rms_norm, elementwise_affine, true,
              "Whether each number then gets a weight, true or false."),
};

static const fell_tensor tensors[] = {
    {"weight", "Factor of each normalised number: [normalized_shape].", "ones", FELL_WEIGHT},
};

static fell_status plan(fell_plan *p)
{
    const struct rms_norm *s = p->settings;
    fell_shape last;

    if (norm_last(p, &s->normalized_shape, &last) != FELL_OK)
        return FELL_ERROR;
    p->out = p->in[0];
    if (s->elementwise_affine)
        p->tensor[0] = last;
    p->saved_bytes = p->max_batch * (fell_size(&p->in[0]) / fell_size(&last)) * (int64_t)sizeof(float);
    return FELL_OK;
}

FELL_INLINE int64_t together(const fell_layer_call *c)
{
    return norm_together(&c->plan->in[0], &((const struct rms_norm *)c->settings)->normalized_shape);
}

/* saved: 1 / sqrt(mean of squares + epsilon) of each row. */
FELL_KERNEL(forward, fell_layer_call)
{
    const struct rms_norm *s = c->settings;
    const int64_t n = together(c), rows = c->batch * (fell_size(&c->plan->in[0]) / n);
    const float *w = c->tensor[0];
    float *saved = c->saved;

    for (int64_t i = 0; i < rows; i++) {
        const float *x = c->x[0] + i * n;
        const float inverse = norm_inverse(rows_dot_total(x, x, n) / (double)n, s->epsilon);
        float *y = c->y + i * n;

        if (w)
            FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = x[j] * inverse * w[j];
        else
            FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = x[j] * inverse;
        if (saved)
            saved[i] = inverse;
    }
    return FELL_OK;
}

/* With h = x inverse and g = w dy: dx = inverse (g - h mean of g h), dw = sum of dy h over the rows. */
FELL_KERNEL(backward, fell_layer_call)
{
    const int64_t n = together(c), rows = c->batch * (fell_size(&c->plan->in[0]) / n);
    const float *w = c->tensor[0], *saved = c->saved;
    float *h = fell_scratch(c->ctx, n, sizeof *h), *g = fell_scratch(c->ctx, n, sizeof *g);
    double *dw = fell_scratch(c->ctx, n, sizeof *dw);

    if (!h || !g || !dw)
        return FELL_ERROR;
    for (int64_t j = 0; j < n; j++)
        dw[j] = 0.0;
    for (int64_t i = 0; i < rows; i++) {
        const float *x = c->x[0] + i * n, *dy = c->dy + i * n;
        const float inverse = saved[i];

        FELL_EACH for (int64_t j = 0; j < n; j++)
        {
            h[j] = x[j] * inverse;
            dw[j] += (double)(dy[j] * h[j]);
            g[j] = w ? dy[j] * w[j] : dy[j];
        }
        if (c->dx[0]) {
            const float slope = (float)(rows_dot_total(g, h, n) / (double)n);
            float *dx = c->dx[0] + i * n;

            FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = inverse * (g[j] - h[j] * slope);
        }
    }
    for (int64_t j = 0; c->grad[0] && j < n; j++)
        c->grad[0][j] += (float)dw[j];
    return FELL_OK;
}

static const fell_layer rms_norm = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "rms_norm",
        "Gives the numbers of each row, or of each step of a sequence, a root mean square of 1.\n\n"
        "y = w x / sqrt(mean of x^2 + epsilon), over the last dimensions: layer_norm without the mean\n"
        "and without a bias. B. Zhang and R. Sennrich, \"Root mean square layer normalization\",\n"
        "NeurIPS 2019. As PyTorch's RMSNorm, whose epsilon is 1.2e-7 unless it is given.",
        struct rms_norm, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &rms_norm.item);
