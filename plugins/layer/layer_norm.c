/* layer_norm.c - each row, or each step of a sequence, with mean 0 and deviation 1. */
#include "norm.h"

struct layer_norm {
    fell_ints normalized_shape;
    double epsilon;
    bool elementwise_affine, bias;
};

static const fell_param params[] = {
    NORM_SHAPE(struct layer_norm),
    FELL_FLOAT(struct layer_norm, epsilon, 1e-5, 0, INFINITY, FELL_MAX_OPEN,
               "Added to the variance, from 0 up."),
    FELL_BOOL(struct layer_norm, elementwise_affine, true,
              "Whether each number then gets a weight and a bias, true or false."),
    FELL_BOOL(struct layer_norm, bias, true, "Whether there is a bias beside the weight, true or false."),
};

enum { WEIGHT, BIAS };

static const fell_tensor tensors[] = {
    {"weight", "Factor of each normalised number: [normalized_shape].", "ones", FELL_WEIGHT},
    {"bias", "Added to each number: [normalized_shape].", "zeros", FELL_BIAS},
};

static fell_status plan(fell_plan *p)
{
    const struct layer_norm *s = p->settings;
    fell_shape last;

    if (norm_last(p, &s->normalized_shape, &last) != FELL_OK)
        return FELL_ERROR;
    p->out = p->in[0];
    if (s->elementwise_affine)
        p->tensor[WEIGHT] = last;
    if (s->elementwise_affine && s->bias)
        p->tensor[BIAS] = last;
    p->saved_bytes = p->max_batch * (fell_size(&p->in[0]) / fell_size(&last)) * (int64_t)sizeof(struct norm);
    return FELL_OK;
}

FELL_INLINE int64_t together(const fell_layer_call *c)
{
    return norm_together(&c->plan->in[0], &((const struct layer_norm *)c->settings)->normalized_shape);
}

FELL_KERNEL(forward, fell_layer_call)
{
    const struct layer_norm *s = c->settings;
    const int64_t n = together(c), rows = c->batch * (fell_size(&c->plan->in[0]) / n);
    const float *w = c->tensor[WEIGHT], *b = c->tensor[BIAS];
    struct norm *saved = c->saved;

    for (int64_t i = 0; i < rows; i++) {
        const struct norm by = norm_of(c->x[0] + i * n, n, s->epsilon);
        float *y = c->y + i * n;

        norm_apply(by, c->x[0] + i * n, n, y);
        if (w && b)
            FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = y[j] * w[j] + b[j];
        else if (w)
            FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = y[j] * w[j];
        if (saved)
            saved[i] = by;
    }
    return FELL_OK;
}

/* Over the rows upwards, in double. */
FELL_KERNEL(backward, fell_layer_call)
{
    const int64_t n = together(c), rows = c->batch * (fell_size(&c->plan->in[0]) / n);
    const float *w = c->tensor[WEIGHT];
    const struct norm *saved = c->saved;
    float *h = fell_scratch(c->ctx, n, sizeof *h), *g = fell_scratch(c->ctx, n, sizeof *g);
    double *dw = fell_scratch(c->ctx, n, sizeof *dw), *db = fell_scratch(c->ctx, n, sizeof *db);

    if (!h || !g || !dw || !db)
        return FELL_ERROR;
    for (int64_t j = 0; j < n; j++)
        dw[j] = db[j] = 0.0;
    for (int64_t i = 0; i < rows; i++) {
        const float *dy = c->dy + i * n;

        norm_apply(saved[i], c->x[0] + i * n, n, h);
        FELL_EACH for (int64_t j = 0; j < n; j++)
        {
            dw[j] += (double)(dy[j] * h[j]);
            db[j] += (double)dy[j];
        }
        FELL_EACH for (int64_t j = 0; j < n; j++) g[j] = w ? dy[j] * w[j] : dy[j];
        if (c->dx[0])
            norm_back(saved[i], h, g, n, c->dx[0] + i * n);
    }
    for (int64_t j = 0; c->grad[WEIGHT] && j < n; j++)
        c->grad[WEIGHT][j] += (float)dw[j];
    for (int64_t j = 0; c->grad[BIAS] && j < n; j++)
        c->grad[BIAS][j] += (float)db[j];
    return FELL_OK;
}

static const fell_layer layer_norm = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "layer_norm",
        "Gives the numbers of each row, or of each step of a sequence, mean 0 and deviation 1.\n\n"
        "y = w (x - mean) / sqrt(variance + epsilon) + b, with the population variance over the\n"
        "last dimensions. J. Ba, J. Kiros and G. Hinton, \"Layer normalization\", 2016. As PyTorch's\n"
        "LayerNorm.",
        struct layer_norm, params),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &layer_norm.item);
