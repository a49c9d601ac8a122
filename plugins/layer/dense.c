/* dense.c - the fully connected layer.
 *
 * On [D] and on images, which it flattens, one product for the batch; on
 * sequences [T,D] the same weights at every step. Matrix products are the
 * host's; here are the shapes and the bias.
 */
#include "fell/plugin.h"

struct dense {
    int64_t units;
    bool bias;
};

static const fell_param params[] = {
    FELL_INT(struct dense, units, 0, 1, 1 << 24, FELL_REQUIRED, "Number of outputs, at least 1."),
    FELL_BOOL(struct dense, bias, true, "Whether a bias is added to each output, true or false."),
};

enum { WEIGHT, BIAS };
enum { WIDEST = 64 }; /* columns summed at a time */

/* PyTorch's default: he_uniform with this slope, the square root of 5, is the
 * uniform distribution between -1/sqrt(fan_in) and 1/sqrt(fan_in). */
#define FROM_FAN_IN "{he_uniform: {negative_slope: 2.23606797749979}}"

static const fell_tensor tensors[] = {
    {"weight", "One row of weights for each output: [units, inputs].", FROM_FAN_IN, FELL_WEIGHT},
    {"bias", "One number for each output: [units].", FROM_FAN_IN, FELL_BIAS},
};

static fell_status plan(fell_plan *p)
{
    const struct dense *s = p->settings;
    const fell_shape *in = &p->in[0];
    const bool steps = in->rank == 2;

    p->out = steps ? fell_mat(in->dim[0], s->units) : fell_vec(s->units);
    p->tensor[WEIGHT] = fell_mat(s->units, steps ? in->dim[1] : fell_size(in));
    if (s->bias)
        p->tensor[BIAS] = fell_vec(s->units);
    return FELL_OK;
}

/* Rows of the product: the batch, times the steps of a sequence. */
FELL_INLINE int64_t rows(const fell_layer_call *c)
{
    const fell_shape *in = &c->plan->in[0];

    return in->rank == 2 ? c->batch * in->dim[0] : c->batch;
}

FELL_KERNEL(fill_bias, fell_layer_call)
{
    const float *bias = c->tensor[BIAS];
    const int64_t m = rows(c), n = c->plan->tensor[BIAS].dim[0];
    float *y = c->y;

    for (int64_t i = 0; i < m; i++)
        FELL_EACH for (int64_t j = 0; j < n; j++) y[i * n + j] = bias[j];
    return FELL_OK;
}

/* y = x W' + b. The bias goes first, so that the product is added to it and the
 * outputs are written twice, not three times. */
static fell_status forward(fell_layer_call *c)
{
    const fell_shape *w = &c->plan->tensor[WEIGHT];
    const int64_t n = w->dim[0], k = w->dim[1];
    const bool bias = c->tensor[BIAS] != NULL;

    if (bias)
        fill_bias(c);
    fell_gemm(c->ctx, rows(c), n, k, c->x[0], k, false, c->tensor[WEIGHT], k, true, c->y, n, bias);
    return FELL_OK;
}

/* Add the sums over m rows of WIDTH neighbouring columns of dy to db. */
FELL_INLINE void add_columns(const float *dy, int64_t m, int64_t n, float *db, int width)
{
    float sum[WIDEST] = {0};

    for (int64_t i = 0; i < m; i++)
        for (int l = 0; l < width; l++)
            sum[l] += dy[i * n + l];
    for (int l = 0; l < width; l++)
        db[l] += sum[l];
}

/* db += the columns of dy, each summed over the rows upwards from zero. Constant
 * widths let the compiler keep the sums in registers. */
FELL_KERNEL(add_bias_gradient, fell_layer_call)
{
    const int64_t m = rows(c), n = c->plan->tensor[BIAS].dim[0];
    const float *dy = c->dy;
    float *db = c->grad[BIAS];
    int64_t j = 0;

    for (; j + WIDEST <= n; j += WIDEST)
        add_columns(dy + j, m, n, db + j, WIDEST);
    for (; j + 16 <= n; j += 16)
        add_columns(dy + j, m, n, db + j, 16);
    for (; j + 4 <= n; j += 4)
        add_columns(dy + j, m, n, db + j, 4);
    for (; j < n; j++)
        add_columns(dy + j, m, n, db + j, 1);
    return FELL_OK;
}

/* dW += dy' x, db += sum of dy over the rows, dx = dy W. */
static fell_status backward(fell_layer_call *c)
{
    const fell_shape *w = &c->plan->tensor[WEIGHT];
    const int64_t m = rows(c), n = w->dim[0], k = w->dim[1];

    if (c->grad[WEIGHT])
        fell_gemm(c->ctx, n, k, m, c->dy, n, true, c->x[0], k, false, c->grad[WEIGHT], k, true);
    if (c->grad[BIAS])
        add_bias_gradient(c);
    if (c->dx[0])
        fell_gemm(c->ctx, m, k, n, c->dy, n, false, c->tensor[WEIGHT], k, false, c->dx[0], k, false);
    return FELL_OK;
}

/* The same sums of one row, where it is a sequence: its gradient is formed. */
static fell_status each_sequence(fell_layer_call *c, fell_each_row *r, float *g)
{
    const fell_shape *w = &c->plan->tensor[WEIGHT];
    const int64_t n = w->dim[0], k = w->dim[1], steps = c->plan->in[0].dim[0];

    for (int64_t i = 0; i < c->batch; i++) {
        const float *dy = c->dy + i * steps * n;

        fell_gemm(c->ctx, n, k, steps, dy, n, true, c->x[0] + i * steps * k, k, false, g, k, false);
        for (int64_t j = 0; j < n; j++)
            g[n * k + j] = 0.0f;
        for (int64_t s = 0; s < steps; s++)
            for (int64_t j = 0; j < n; j++)
                g[n * k + j] += dy[s * n + j];
        for (int64_t t = 0; t < 2; t++) {
            const float *v = t == WEIGHT ? g : g + n * k;
            const int64_t count = t == WEIGHT ? n * k : n;
            double norm = 0.0, dot = 0.0;

            for (int64_t j = 0; c->grad[t] && j < count; j++) {
                norm += (double)v[j] * (double)v[j];
                if (r->along)
                    dot += (double)v[j] * (double)r->along[t][j];
                if (r->squares[t])
                    r->squares[t][j] += (double)v[j] * (double)v[j];
            }
            r->norm[i * 2 + t] = norm;
            if (r->dot)
                r->dot[i * 2 + t] = dot;
        }
    }
    return FELL_OK;
}

/* Sums of squares of the rows of v[m,n], and their products with those of p[m,n]. */
static void row_sums(const float *v, const float *p, int64_t m, int64_t n, double *squares, double *products)
{
    for (int64_t i = 0; i < m; i++) {
        double s = 0.0, d = 0.0;

        for (int64_t j = 0; j < n; j++) {
            s += (double)v[i * n + j] * (double)v[i * n + j];
            d += p ? (double)v[i * n + j] * (double)p[i * n + j] : 0.0;
        }
        squares[i] = s;
        products[i] = d;
    }
}

static void add_squares(fell_layer_call *c, fell_each_row *r, float *x2, float *d2, float *g)
{
    const fell_shape *w = &c->plan->tensor[WEIGHT];
    const int64_t m = c->batch, n = w->dim[0], k = w->dim[1];

    for (int64_t i = 0; i < m * k; i++)
        x2[i] = c->x[0][i] * c->x[0][i];
    for (int64_t i = 0; i < m * n; i++)
        d2[i] = c->dy[i] * c->dy[i];
    if (r->squares[WEIGHT]) {
        fell_gemm(c->ctx, n, k, m, d2, n, true, x2, k, false, g, k, false);
        for (int64_t i = 0; i < n * k; i++)
            r->squares[WEIGHT][i] += (double)g[i];
    }
    for (int64_t i = 0; r->squares[BIAS] && i < m * n; i++)
        r->squares[BIAS][i % n] += (double)d2[i];
}

/* A row's gradient is dy x': its squares sum to |dy|^2 |x|^2, its product with V is dy' V x (F. Dangel, F.
 * Kunstner and P. Hennig, \"BackPACK\", 2020, table 1). */
static fell_status each_row(fell_layer_call *c, fell_each_row *r)
{
    const fell_shape *w = &c->plan->tensor[WEIGHT];
    const int64_t m = c->batch, n = w->dim[0], k = w->dim[1];
    float *g = fell_scratch(c->ctx, n * k + n, sizeof *g), *x2, *d2, *vx;
    double *sum;

    if (!g)
        return FELL_ERROR;
    if (c->plan->in[0].rank == 2)
        return each_sequence(c, r, g);
    x2 = fell_scratch(c->ctx, m * k, sizeof *x2);
    d2 = fell_scratch(c->ctx, m * n, sizeof *d2);
    vx = fell_scratch(c->ctx, m * n, sizeof *vx);
    sum = fell_scratch(c->ctx, 3 * m, sizeof *sum);
    if (!x2 || !d2 || !vx || !sum)
        return FELL_ERROR;
    if (r->along && r->along[WEIGHT])
        fell_gemm(c->ctx, m, n, k, c->x[0], k, false, r->along[WEIGHT], k, true, vx, n, false);
    row_sums(c->x[0], NULL, m, k, sum, sum + 2 * m);
    row_sums(c->dy, r->along && r->along[WEIGHT] ? vx : NULL, m, n, sum + m, sum + 2 * m);
    for (int64_t i = 0; i < m; i++) {
        double bias = 0.0;

        for (int64_t j = 0; r->along && r->along[BIAS] && j < n; j++)
            bias += (double)c->dy[i * n + j] * (double)r->along[BIAS][j];
        r->norm[i * 2 + WEIGHT] = sum[i] * sum[m + i];
        r->norm[i * 2 + BIAS] = sum[m + i];
        if (r->dot) {
            r->dot[i * 2 + WEIGHT] = sum[2 * m + i];
            r->dot[i * 2 + BIAS] = bias;
        }
    }
    if (r->squares[WEIGHT] || r->squares[BIAS])
        add_squares(c, r, x2, d2, g);
    return FELL_OK;
}

static const fell_layer dense = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "dense",
                      "Fully connected layer: each output is a weighted sum of all inputs and a bias.\n\n"
                      "y = x W' + b, with W [units, inputs] as in PyTorch's nn.Linear. A sequence [T,D] is\n"
                      "mapped step by step to [T,units]; an image [C,H,W] is flattened first. By default\n"
                      "weight and bias are uniform between -1/sqrt(inputs) and 1/sqrt(inputs).",
                      struct dense, params),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .each_row = each_row,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &dense.item);
