/* glu.c - one half of each row is let through by the other: gated linear units. */
#include "../gelu.h"

enum { SIGMOID, SILU, GELU, RELU, TANH, IDENTITY };

struct glu {
    int32_t gate;
    int64_t dim;
};

static const fell_param params[] = {
    FELL_ENUM(struct glu, gate, "sigmoid", "sigmoid|silu|gelu|relu|tanh|identity",
              "What the second half goes through before it multiplies the first."),
    FELL_INT(struct glu, dim, -1, -4, 3, 0,
             "Dimension of a row that is cut into halves, from 0, or from -1 backwards: -1 is the last."),
};

static fell_status plan(fell_plan *p)
{
    const struct glu *s = p->settings;
    const fell_shape *in = &p->in[0];
    const int64_t dim = s->dim < 0 ? s->dim + in->rank : s->dim;

    if (dim < 0 || dim >= in->rank)
        return fell_fail(p->ctx, "dim: there is no dimension %lld in an input of %lld", (long long)s->dim,
                         (long long)in->rank);
    if (in->dim[dim] % 2)
        return fell_fail(p->ctx, "dim: %lld numbers have no two halves", (long long)in->dim[dim]);
    p->out = *in;
    p->out.dim[dim] /= 2;
    return FELL_OK;
}

/* Floats that lie side by side in one half. */
FELL_INLINE int64_t half_of(const fell_layer_call *c)
{
    const struct glu *s = c->settings;
    const fell_shape *out = &c->plan->out;
    int64_t n = 1;

    for (int64_t d = s->dim < 0 ? s->dim + out->rank : s->dim; d < out->rank; d++)
        n *= out->dim[d];
    return n;
}

/* The gate of B, its derivative in *SLOPE. KIND is a constant to the compiler. */
FELL_INLINE float gate(int kind, float b, float *slope)
{
    const float by = kind == SIGMOID || kind == SILU ? fell_sigmoid(b) : kind == TANH ? fell_tanh(b) : 0.0f;

    switch (kind) {
    case SIGMOID:
        *slope = by * (1.0f - by);
        return by;
    case SILU:
        *slope = by + b * by * (1.0f - by);
        return b * by;
    case GELU:
        *slope = gelu_exact_slope(b);
        return gelu_exact(b);
    case RELU:
        *slope = b > 0.0f ? 1.0f : 0.0f;
        return b < 0.0f ? 0.0f : b;
    case TANH:
        *slope = 1.0f - by * by;
        return by;
    default:
        *slope = 1.0f;
        return b;
    }
}

FELL_INLINE fell_status multiply(const fell_layer_call *c, int kind)
{
    const int64_t n = half_of(c), rows = c->batch * fell_size(&c->plan->out) / n;

    for (int64_t i = 0; i < rows; i++) {
        const float *a = c->x[0] + 2 * i * n, *b = a + n;
        float *y = c->y + i * n;

        FELL_EACH for (int64_t j = 0; j < n; j++)
        {
            float slope;

            y[j] = a[j] * gate(kind, b[j], &slope);
        }
    }
    return FELL_OK;
}

FELL_INLINE fell_status pass_back(const fell_layer_call *c, int kind)
{
    const int64_t n = half_of(c), rows = c->batch * fell_size(&c->plan->out) / n;

    for (int64_t i = 0; i < rows; i++) {
        const float *a = c->x[0] + 2 * i * n, *b = a + n, *dy = c->dy + i * n;
        float *da = c->dx[0] + 2 * i * n, *db = da + n;

        FELL_EACH for (int64_t j = 0; j < n; j++)
        {
            float slope;

            da[j] = dy[j] * gate(kind, b[j], &slope);
            db[j] = dy[j] * a[j] * slope;
        }
    }
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    switch (((const struct glu *)c->settings)->gate) {
    case SIGMOID:
        return multiply(c, SIGMOID);
    case SILU:
        return multiply(c, SILU);
    case GELU:
        return multiply(c, GELU);
    case RELU:
        return multiply(c, RELU);
    case TANH:
        return multiply(c, TANH);
    default:
        return multiply(c, IDENTITY);
    }
}

FELL_KERNEL(backward, fell_layer_call)
{
    if (!c->dx[0])
        return FELL_OK;
    switch (((const struct glu *)c->settings)->gate) {
    case SIGMOID:
        return pass_back(c, SIGMOID);
    case SILU:
        return pass_back(c, SILU);
    case GELU:
        return pass_back(c, GELU);
    case RELU:
        return pass_back(c, RELU);
    case TANH:
        return pass_back(c, TANH);
    default:
        return pass_back(c, IDENTITY);
    }
}

static const fell_layer glu = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "glu",
        "Multiplies the first half of each row by the second, which opens and closes it like a gate.\n\n"
        "y = a f(b) of a row that is a, then b, with f the gate: sigmoid is GLU, silu SwiGLU, gelu\n"
        "GEGLU, relu ReGLU and identity the bilinear unit; the dense layer before it has twice the units.\n"
        "Y. Dauphin et al., \"Language modeling with gated convolutional networks\", ICML 2017; N. Shazeer,\n"
        "\"GLU variants improve transformer\", 2020. With sigmoid as PyTorch's GLU.",
        struct glu, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &glu.item);
