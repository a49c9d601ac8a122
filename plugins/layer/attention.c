/* attention.c - multi-head attention, over the sequence itself or over another one.
 *
 * Here are the projections; a head's own work is in attention.h. Projections that read one input with
 * weights that lie one after the other are one product: of a sequence over itself all three.
 */
#include "attention.h"
#include "columns.h"

struct attention {
    int64_t heads;
    bool causal, bias;
    double dropout;
};

static const fell_param params[] = {
    FELL_INT(struct attention, heads, 1, 1, 1 << 20, 0,
             "How many heads the width is shared out among, at least 1; it must be divisible by them."),
    FELL_BOOL(struct attention, causal, false,
              "Whether a step sees only itself and those before it, true or false."),
    FELL_BOOL(struct attention, bias, true, "Whether each projection adds a bias, true or false."),
    FELL_FLOAT(struct attention, dropout, 0, 0, 1, FELL_MAX_OPEN,
               "Probability that a weight of the attention is left out in training, in [0, 1)."),
};

enum { IN_PROJ, Q_PROJ, K_PROJ, V_PROJ, IN_BIAS, OUT_PROJ, OUT_BIAS };

#define FROM_FAN_IN "{he_uniform: {negative_slope: 2.23606797749979}}"

static const fell_tensor tensors[] = {
    {"in_proj_weight", "Makes queries, keys and values: [3 width, width].", "glorot_uniform", FELL_WEIGHT},
    {"q_proj_weight", "Makes the queries, where the second input has another width: [width, width].",
     "glorot_uniform", FELL_WEIGHT},
    {"k_proj_weight", "Makes the keys then: [width, width of the second input].", "glorot_uniform",
     FELL_WEIGHT},
    {"v_proj_weight", "Makes the values then: [width, width of the second input].", "glorot_uniform",
     FELL_WEIGHT},
    {"in_proj_bias", "Added to queries, keys and values: [3 width].", "zeros", FELL_BIAS},
    {"out_proj.weight", "Mixes what the heads found: [width, width].", FROM_FAN_IN, FELL_WEIGHT},
    {"out_proj.bias", "Added to the output: [width].", "zeros", FELL_BIAS},
};

static int64_t keys_of(const fell_plan *p)
{
    return p->in[p->nin - 1].dim[0];
}

/* Floats of `saved`: queries, keys and values, what the heads found, what is kept of each softmax, the seed.
 */
enum { SEED = 2 }; /* of each row */

static int64_t projected(const fell_plan *p, int64_t batch)
{
    return batch * p->in[0].dim[1] * (p->in[0].dim[0] + 2 * keys_of(p));
}

static int64_t found(const fell_plan *p, int64_t batch)
{
    return batch * fell_size(&p->in[0]);
}

static int64_t saved_floats(const fell_plan *p, int64_t batch)
{
    const struct attention *s = p->settings;

    return projected(p, batch) + found(p, batch) + batch * (s->heads * p->in[0].dim[0] * 2 + SEED);
}

static fell_status plan(fell_plan *p)
{
    const struct attention *s = p->settings;
    const int64_t width = p->in[0].dim[1], other = p->in[p->nin - 1].dim[1];

    for (int64_t i = 0; i < p->nin; i++)
        if (p->in[i].rank != 2)
            return fell_fail(p->ctx, "takes sequences [steps, width]; its input has %lld dimension%s",
                             (long long)p->in[i].rank, p->in[i].rank == 1 ? "" : "s");
    if (width % s->heads)
        return fell_fail(p->ctx, "heads: %lld heads do not divide the width %lld", (long long)s->heads,
                         (long long)width);
    p->out = p->in[0];
    if (other == width) {
        p->tensor[IN_PROJ] = fell_mat(3 * width, width);
    } else {
        p->tensor[Q_PROJ] = fell_mat(width, width);
        p->tensor[K_PROJ] = p->tensor[V_PROJ] = fell_mat(width, other);
    }
    p->tensor[OUT_PROJ] = fell_mat(width, width);
    if (s->bias) {
        p->tensor[IN_BIAS] = fell_vec(3 * width);
        p->tensor[OUT_BIAS] = fell_vec(width);
    }
    p->saved_bytes = saved_floats(p, p->max_batch) * (int64_t)sizeof(float);
    return FELL_OK;
}

/* ---- projections: to[rows,n] = x w' + bias ------------------------------------------------------ */

struct part {
    fell_ctx *ctx;
    int64_t input, rows, n, k, ld; /* ld: floats from row to row of `to` */
    const float *x, *w, *bias;     /* bias: NULL without */
    float *to;
    float *dw, *dbias; /* backward; NULL: not wanted */
};

/* At most three, of arrays with the queries at Q and the keys at K, values behind them: how many. */
static int parts_of(const fell_layer_call *c, float *q, float *k, struct part part[3])
{
    const int64_t width = c->plan->in[0].dim[1], last = c->plan->nin - 1, other = c->plan->in[last].dim[1];
    const int64_t rows[2] = {c->batch * c->plan->in[0].dim[0], c->batch * keys_of(c->plan)};
    const bool joint = c->tensor[IN_PROJ] != NULL;
    const struct part first = {.ctx = c->ctx, .rows = rows[0], .n = width, .k = width, .ld = width, .to = q};
    const int n = last == 0 ? 1 : joint ? 2 : 3;

    part[0] = part[1] = part[2] = first;
    part[0].n = part[0].ld = last ? width : 3 * width;
    for (int i = 1; i < n; i++)
        part[i] = (struct part){
            c->ctx, 1, rows[1], joint ? 2 * width : width, other, 2 * width, .to = k + (i - 1) * width};
    for (int i = 0; i < n; i++) {
        const int tensor = joint ? IN_PROJ : Q_PROJ + i;
        const int64_t at = joint ? i * width * width : 0;

        part[i].x = c->x[part[i].input];
        part[i].w = c->tensor[tensor] + at;
        part[i].bias = c->tensor[IN_BIAS] ? c->tensor[IN_BIAS] + i * width : NULL;
        if (c->grad && c->grad[tensor])
            part[i].dw = c->grad[tensor] + at;
        if (c->grad && c->grad[IN_BIAS])
            part[i].dbias = c->grad[IN_BIAS] + i * width;
    }
    return n;
}

FELL_KERNEL(part_fill, struct part)
{
    for (int64_t i = 0; i < c->rows; i++) {
        float *to = c->to + i * c->ld;

        FELL_EACH for (int64_t j = 0; j < c->n; j++) to[j] = c->bias[j];
    }
    return FELL_OK;
}

static void part_forward(struct part *p)
{
    if (p->bias)
        part_fill(p);
    fell_gemm(p->ctx, p->rows, p->n, p->k, p->x, p->k, false, p->w, p->k, true, p->to, p->ld,
              p->bias != NULL);
}

/* Of a part whose `to` is now the gradient of its numbers; dx is added to where ADD says so. */
static fell_status part_backward(const struct part *p, float *dx, bool add)
{
    struct columns columns = {p->ctx, p->to, p->rows, p->n, p->ld, p->dbias};

    if (p->dw)
        fell_gemm(p->ctx, p->n, p->k, p->rows, p->to, p->ld, true, p->x, p->k, false, p->dw, p->k, true);
    if (dx)
        fell_gemm(p->ctx, p->rows, p->k, p->n, p->to, p->ld, false, p->w, p->k, false, dx, p->k, add);
    return p->dbias ? columns_add(&columns) : FELL_OK;
}

static struct part out_part(const fell_layer_call *c, const float *x, float *to)
{
    const int64_t width = c->plan->in[0].dim[1];

    return (struct part){.ctx = c->ctx,
                         .rows = c->batch * c->plan->in[0].dim[0],
                         .n = width,
                         .k = width,
                         .ld = width,
                         .x = x,
                         .w = c->tensor[OUT_PROJ],
                         .bias = c->tensor[OUT_BIAS],
                         .to = to};
}

/* ---- forward and backward ------------------------------------------------------------------------- */

/* The heads with all that AT, of saved_floats(), holds. */
static struct heads heads_of(const fell_layer_call *c, float *at)
{
    const struct attention *s = c->settings;
    const fell_shape *in = &c->plan->in[0];
    const bool self = c->plan->nin == 1;
    const int64_t width = in->dim[1], keys = keys_of(c->plan);
    const float *k = self ? at + width : at + c->batch * in->dim[0] * width;
    float *y = at + projected(c->plan, c->batch), *kept = y + found(c->plan, c->batch);
    const float *seed = kept + c->batch * s->heads * in->dim[0] * 2;

    return (struct heads){.ctx = c->ctx,
                          .batch = c->batch,
                          .heads = s->heads,
                          .queries = in->dim[0],
                          .keys = keys,
                          .head = width / s->heads,
                          .width = width,
                          .ldq = self ? 3 * width : width,
                          .ldk = self ? 3 * width : 2 * width,
                          .causal = s->causal,
                          .rate = c->training ? (float)s->dropout : 0.0f,
                          .seed = seed,
                          .q = at,
                          .k = k,
                          .v = k + width,
                          .y = y,
                          .kept = kept};
}

static fell_status forward(fell_layer_call *c)
{
    const struct attention *s = c->settings;
    const int64_t all = saved_floats(c->plan, c->batch), drawn = c->batch * SEED;
    float *at = c->saved ? c->saved : fell_scratch(c->ctx, all, sizeof *at);
    struct part part[3], out;
    struct heads h;
    int n;

    if (!at)
        return FELL_ERROR;
    memset(at + all - drawn, 0, (size_t)drawn * sizeof *at);
    if (c->training && s->dropout > 0.0)
        fell_uniform(c->ctx, at + all - drawn, drawn);
    h = heads_of(c, at);
    n = parts_of(c, at, at + (h.k - at), part);
    for (int i = 0; i < n; i++)
        part_forward(&part[i]);
    if (heads_run(&h, heads_forward) != FELL_OK)
        return FELL_ERROR;
    out = out_part(c, h.y, c->y);
    part_forward(&out);
    return FELL_OK;
}

/* dy of the heads from that of the output, and what the output's projection learns. */
static fell_status out_backward(const fell_layer_call *c, const struct heads *h, float *dfound)
{
    const int64_t width = h->width, rows = c->batch * h->queries;
    struct columns columns = {c->ctx, c->dy, rows, width, width, c->grad[OUT_BIAS]};

    if (c->grad[OUT_PROJ])
        fell_gemm(c->ctx, width, width, rows, c->dy, width, true, h->y, width, false, c->grad[OUT_PROJ],
                  width, true);
    fell_gemm(c->ctx, rows, width, width, c->dy, width, false, c->tensor[OUT_PROJ], width, false, dfound,
              width, false);
    return c->grad[OUT_BIAS] ? columns_add(&columns) : FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    float *at = c->saved;
    struct heads h = heads_of(c, at);
    const int64_t all = projected(c->plan, c->batch);
    float *d = fell_scratch(c->ctx, all, sizeof *d);
    float *dfound = fell_scratch(c->ctx, found(c->plan, c->batch), sizeof *dfound);
    struct part part[3];
    int n;

    if (!d || !dfound || out_backward(c, &h, dfound) != FELL_OK)
        return FELL_ERROR;
    memset(d, 0, (size_t)all * sizeof *d);
    h.dy = dfound;
    h.dq = d;
    h.dk = d + (h.k - at);
    h.dv = d + (h.v - at);
    if (heads_run(&h, heads_backward) != FELL_OK)
        return FELL_ERROR;
    n = parts_of(c, d, h.dk, part);
    for (int i = 0; i < n; i++)
        if (part_backward(&part[i], c->dx[part[i].input], i == 2) != FELL_OK)
            return FELL_ERROR;
    return FELL_OK;
}

static const fell_layer attention = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "attention",
        "Multi-head attention: each step of a sequence takes what it needs from all steps.\n\n"
        "For each head y[t] = sum over s of w[t,s] v[s] with w = softmax over s of q[t] k[s] / sqrt(d), d\n"
        "the width of a head; q, k and v are projections of the input, and what the heads find side by\n"
        "side is projected once more. With `from: [a, b]` the queries come from a, keys and values from b\n"
        "(cross-attention). Weights are never held for a whole batch. A. Vaswani et al., \"Attention is all\n"
        "you need\", NeurIPS 2017, section 3.2. As PyTorch's MultiheadAttention, batch first.",
        struct attention, params),
    .min_inputs = 1,
    .max_inputs = 2,
    .tensors = tensors,
    .ntensors = sizeof tensors / sizeof *tensors,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &attention.item);
