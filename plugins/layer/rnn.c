/* rnn.c - the plain recurrent layer (Elman's). */
#include "recurrent.h"

enum { BY_TANH, BY_RELU };

static const fell_param params[] = {
    RECURRENT_PARAMS,
    FELL_ENUM(struct recurrent, nonlinearity, "tanh", "tanh|relu", "What bends the state: tanh or relu."),
};

static const fell_tensor tensors[] = RECURRENT_TENSOR_TABLE("2.23606797749979");

FELL_KERNEL(step_forward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const int64_t at = b * c->steps + c->t;
        const float *a = c->a + at * n, *q = c->q + b * n;
        float *h = c->h + at * n;

        if (c->nonlinearity == BY_TANH)
            FELL_EACH for (int64_t u = 0; u < n; u++) h[u] = fell_tanh(a[u] + q[u]);
        else
            FELL_EACH for (int64_t u = 0; u < n; u++) h[u] = a[u] + q[u] > 0.0f ? a[u] + q[u] : 0.0f;
    }
    return FELL_OK;
}

FELL_KERNEL(step_backward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const int64_t at = b * c->steps + c->t;
        const float *h = c->h + at * n;
        float *dh = c->dh + b * n, *da = c->da + at * n;

        if (c->nonlinearity == BY_TANH)
            FELL_EACH for (int64_t u = 0; u < n; u++) da[u] = dh[u] * (1.0f - h[u] * h[u]);
        else
            FELL_EACH for (int64_t u = 0; u < n; u++) da[u] = h[u] > 0.0f ? dh[u] : 0.0f;
        FELL_EACH for (int64_t u = 0; u < n; u++) dh[u] = 0.0f;
    }
    return FELL_OK;
}

RECURRENT_CALLS(1, 0, false)

static const fell_layer rnn = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "rnn",
                  "Recurrent layer: goes through a sequence and carries a state from step to step.\n\n"
                  "h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), h_0 = 0. A sequence [T,D] becomes the\n"
                  "last state [units], or with return_sequences all states [T,units]. J. Elman, \"Finding\n"
                  "structure in time\", 1990. As PyTorch's RNN, batch first.",
                  struct recurrent, params),
    .tensors = tensors,
    .ntensors = RECURRENT_ALL_TENSORS,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &rnn.item);
