/* gru.c - the gated recurrent unit. */
#include "recurrent.h"

enum { RESET, UPDATE, NEW, GATES };     /* PyTorch's r, z, n */
enum { KEPT_STATE_PART = GATES, KEPT }; /* kept: the gates, then q of NEW */

static const fell_param params[] = {
    RECURRENT_PARAMS,
};

static const fell_tensor tensors[] = RECURRENT_TENSOR_TABLE("1");

FELL_KERNEL(step_forward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const int64_t at = b * c->steps + c->t;
        const float *a = c->a + at * GATES * n, *q = c->q + b * GATES * n;
        const float *before = c->t ? c->h + (at - 1) * n : NULL;
        float *h = c->h + at * n, *kept = c->kept + at * KEPT * n;

        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float r = fell_sigmoid(a[RESET * n + u] + q[RESET * n + u]);
            const float z = fell_sigmoid(a[UPDATE * n + u] + q[UPDATE * n + u]);
            const float part = q[NEW * n + u], new = fell_tanh(a[NEW * n + u] + r * part);

            kept[RESET * n + u] = r;
            kept[UPDATE * n + u] = z;
            kept[NEW * n + u] = new;
            kept[KEPT_STATE_PART * n + u] = part;
            h[u] = (1.0f - z) * new;
        }
        if (before)
            FELL_EACH for (int64_t u = 0; u < n; u++) h[u] += kept[UPDATE * n + u] * before[u];
    }
    return FELL_OK;
}

FELL_KERNEL(step_backward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const int64_t at = b * c->steps + c->t;
        const float *kept = c->kept + at * KEPT * n, *before = c->t ? c->h + (at - 1) * n : NULL;
        float *dh = c->dh + b * n, *da = c->da + at * GATES * n, *dq = c->dq + at * GATES * n;

        FELL_EACH for (int64_t u = 0; u < n; u++) /* the state before, for now */
            da[UPDATE * n + u] = before ? before[u] : 0.0f;
        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float r = kept[RESET * n + u], z = kept[UPDATE * n + u], new = kept[NEW * n + u];
            const float dnew = dh[u] * (1.0f - z) * (1.0f - new *new);
            const float dr = dnew * kept[KEPT_STATE_PART * n + u] * (r * (1.0f - r));
            const float dz = dh[u] * (da[UPDATE * n + u] - new) * (z * (1.0f - z));

            da[RESET * n + u] = dq[RESET * n + u] = dr;
            da[UPDATE * n + u] = dq[UPDATE * n + u] = dz;
            da[NEW * n + u] = dnew;
            dq[NEW * n + u] = dnew * r;
            dh[u] *= z;
        }
    }
    return FELL_OK;
}

RECURRENT_CALLS(GATES, KEPT, true)

static const fell_layer gru = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "gru",
        "Gated recurrent unit: a recurrent layer that learns what to keep of its state.\n\n"
        "With a = W_ih x_t + b_ih and q = W_hh h_(t-1) + b_hh, gate by gate: r = sigmoid(a_r + q_r),\n"
        "z = sigmoid(a_z + q_z), n = tanh(a_n + r q_n), h_t = (1 - z) n + z h_(t-1). A sequence\n"
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
