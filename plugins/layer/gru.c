/* gru.c - the gated recurrent unit. */
#include "recurrent.h"

enum { RESET, UPDATE, NEW, GATES };     /* PyTorch's r, z, n */
enum { KEPT_STATE_PART = GATES, KEPT }; /* kept: the gates, then q of NEW, or r h_(t-1) */

static const fell_param params[] = {
    RECURRENT_PARAMS,
    FELL_ENUM(
        struct recurrent, reset, "after", "after|before",
        "Where the reset gate acts: after the product with the state, as in PyTorch and cuDNN, or on the "
        "state before it, as in Cho et al. and in ONNX with linear_before_reset 0."),
};

static const fell_tensor tensors[] = RECURRENT_TENSOR_TABLE("1");

/* Where row b of a step has what the kernels read and write; NULL where the step has none. */
struct row {
    const float *a, *q, *before; /* before: h of the step before, or NULL */
    float *h, *kept, *dh, *da, *dq;
};

FELL_INLINE struct row row_of(const struct recurrent_step *c, int64_t b)
{
    const int64_t n = c->units, at = b * c->steps + c->t, before = c->t ? (at - 1) * n : 0;

    return (struct row){.a = c->a ? c->a + at * GATES * n : NULL,
                        .q = c->q ? c->q + b * GATES * n : NULL,
                        .before = c->t ? c->h + before : NULL,
                        .h = c->h + at * n,
                        .kept = c->kept + at * KEPT * n,
                        .dh = c->dh ? c->dh + b * n : NULL,
                        .da = c->da ? c->da + at * GATES * n : NULL,
                        .dq = c->dq ? c->dq + at * GATES * n : NULL};
}

/* ---- the reset after the product ------------------------------------------------------------------ */

FELL_KERNEL(after_forward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const struct row at = row_of(c, b);

        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float r = fell_sigmoid(at.a[RESET * n + u] + at.q[RESET * n + u]);
            const float z = fell_sigmoid(at.a[UPDATE * n + u] + at.q[UPDATE * n + u]);
            const float part = at.q[NEW * n + u], new = fell_tanh(at.a[NEW * n + u] + r * part);

            at.kept[RESET * n + u] = r;
            at.kept[UPDATE * n + u] = z;
            at.kept[NEW * n + u] = new;
            at.kept[KEPT_STATE_PART * n + u] = part;
            at.h[u] = (1.0f - z) * new;
        }
        if (at.before)
            FELL_EACH for (int64_t u = 0; u < n; u++) at.h[u] += at.kept[UPDATE * n + u] * at.before[u];
    }
    return FELL_OK;
}

FELL_KERNEL(after_backward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const struct row at = row_of(c, b);

        FELL_EACH for (int64_t u = 0; u < n; u++) /* the state before, for now */
            at.da[UPDATE * n + u] = at.before ? at.before[u] : 0.0f;
        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float r = at.kept[RESET * n + u], z = at.kept[UPDATE * n + u], new = at.kept[NEW * n + u];
            const float dnew = at.dh[u] * (1.0f - z) * (1.0f - new *new);
            const float dr = dnew * at.kept[KEPT_STATE_PART * n + u] * (r * (1.0f - r));
            const float dz = at.dh[u] * (at.da[UPDATE * n + u] - new) * (z * (1.0f - z));

            at.da[RESET * n + u] = at.dq[RESET * n + u] = dr;
            at.da[UPDATE * n + u] = at.dq[UPDATE * n + u] = dz;
            at.da[NEW * n + u] = dnew;
            at.dq[NEW * n + u] = dnew * r;
            at.dh[u] *= z;
        }
    }
    return FELL_OK;
}

/* ---- the reset before it: the product of NEW comes between two halves of a step ---------------------- */

/* Both gates, and what NEW's product takes. */
FELL_KERNEL(gates_forward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const struct row at = row_of(c, b);

        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            at.kept[RESET * n + u] = fell_sigmoid(at.a[RESET * n + u] + at.q[RESET * n + u]);
            at.kept[UPDATE * n + u] = fell_sigmoid(at.a[UPDATE * n + u] + at.q[UPDATE * n + u]);
        }
        for (int64_t u = 0; u < n; u++)
            at.kept[KEPT_STATE_PART * n + u] = at.before ? at.kept[RESET * n + u] * at.before[u] : 0.0f;
    }
    return FELL_OK;
}

FELL_KERNEL(new_forward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const struct row at = row_of(c, b);

        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float new = fell_tanh(at.a[NEW * n + u] + at.q[NEW * n + u]);

            at.kept[NEW * n + u] = new;
            at.h[u] = (1.0f - at.kept[UPDATE * n + u]) * new;
        }
        if (at.before)
            FELL_EACH for (int64_t u = 0; u < n; u++) at.h[u] += at.kept[UPDATE * n + u] * at.before[u];
    }
    return FELL_OK;
}

static fell_status before_forward(struct recurrent_step *s)
{
    const int64_t n = s->units;

    if (gates_forward(s) != FELL_OK)
        return FELL_ERROR;
    if (s->t)
        fell_gemm(s->ctx, s->batch, n, n, s->kept + s->t * KEPT * n + KEPT_STATE_PART * n,
                  s->steps * KEPT * n, false, s->weight_hh + NEW * n * n, n, true, s->q + NEW * n, GATES * n,
                  true);
    return new_forward(s);
}

/* Those of NEW and UPDATE; the state before stands in RESET's place for now. */
FELL_KERNEL(new_backward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const struct row at = row_of(c, b);

        FELL_EACH for (int64_t u = 0; u < n; u++) at.da[RESET * n + u] = at.before ? at.before[u] : 0.0f;
        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float z = at.kept[UPDATE * n + u], new = at.kept[NEW * n + u];

            at.da[NEW * n + u] = at.dq[NEW * n + u] = at.dh[u] * (1.0f - z) * (1.0f - new *new);
            at.da[UPDATE * n + u] = at.dq[UPDATE * n + u] =
                at.dh[u] * (at.da[RESET * n + u] - new) * (z * (1.0f - z));
        }
    }
    return FELL_OK;
}

/* s->dc: of r h_(t-1). */
FELL_KERNEL(gates_backward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const struct row at = row_of(c, b);
        const float *part = c->dc + b * n;

        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float r = at.kept[RESET * n + u];

            at.da[RESET * n + u] = at.dq[RESET * n + u] = part[u] * at.da[RESET * n + u] * (r * (1.0f - r));
            at.dh[u] = at.dh[u] * at.kept[UPDATE * n + u] + part[u] * r;
        }
    }
    return FELL_OK;
}

static fell_status before_backward(struct recurrent_step *s)
{
    const int64_t n = s->units;

    if (new_backward(s) != FELL_OK)
        return FELL_ERROR;
    fell_gemm(s->ctx, s->batch, n, n, s->dq + s->t * GATES * n + NEW * n, s->steps * GATES * n, false,
              s->weight_hh + NEW * n * n, n, false, s->dc, n, false);
    return gates_backward(s);
}

/* ---- either ---------------------------------------------------------------------------------------------
 */

static fell_status step_forward(struct recurrent_step *s)
{
    return s->reset == RESET_BEFORE ? before_forward(s) : after_forward(s);
}

static fell_status step_backward(struct recurrent_step *s)
{
    return s->reset == RESET_BEFORE ? before_backward(s) : after_backward(s);
}

RECURRENT_CALLS(GATES, KEPT, true)

static const fell_layer gru = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "gru",
        "Gated recurrent unit: a recurrent layer that learns what to keep of its state.\n\n"
        "With a = W_ih x_t + b_ih and q = W_hh h_(t-1) + b_hh, gate by gate: r = sigmoid(a_r + q_r),\n"
        "z = sigmoid(a_z + q_z), n = tanh(a_n + r q_n), h_t = (1 - z) n + z h_(t-1); with reset: before\n"
        "q_n = W_hn (r h_(t-1)) + b_hn and n = tanh(a_n + q_n). A sequence\n"
        "[T,D] becomes the last state [units], or with return_sequences all states [T,units]. K. Cho\n"
        "et al., \"Learning phrase representations using RNN encoder-decoder\", EMNLP 2014. As\n"
        "PyTorch's GRU, batch first.",
        struct recurrent, params),
    .tensors = tensors,
    .ntensors = RECURRENT_ALL_TENSORS,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &gru.item);
