/* lstm.c - the long short-term memory. */
#include "recurrent.h"

enum { INPUT, FORGET, CELL, OUTPUT, GATES }; /* PyTorch's i, f, g, o */
enum { KEPT_MEMORY = GATES, KEPT };          /* kept: the gates, then the memory c_t */

static const fell_param params[] = {
    RECURRENT_PARAMS,
};

static const fell_tensor tensors[] = RECURRENT_TENSOR_TABLE("0.7071067811865476");

FELL_KERNEL(step_forward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const int64_t at = b * c->steps + c->t;
        const float *a = c->a + at * GATES * n, *q = c->q + b * GATES * n;
        float *h = c->h + at * n, *kept = c->kept + at * KEPT * n, *memory = kept + KEPT_MEMORY * n;
        const float *before = memory - KEPT * n;

        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            kept[INPUT * n + u] = fell_sigmoid(a[INPUT * n + u] + q[INPUT * n + u]);
            kept[FORGET * n + u] = fell_sigmoid(a[FORGET * n + u] + q[FORGET * n + u]);
            kept[CELL * n + u] = fell_tanh(a[CELL * n + u] + q[CELL * n + u]);
            kept[OUTPUT * n + u] = fell_sigmoid(a[OUTPUT * n + u] + q[OUTPUT * n + u]);
            memory[u] = kept[INPUT * n + u] * kept[CELL * n + u];
        }
        if (c->t)
            FELL_EACH for (int64_t u = 0; u < n; u++) memory[u] += kept[FORGET * n + u] * before[u];
        FELL_EACH for (int64_t u = 0; u < n; u++) h[u] = kept[OUTPUT * n + u] * fell_tanh(memory[u]);
    }
    return FELL_OK;
}

FELL_KERNEL(step_backward, struct recurrent_step)
{
    const int64_t n = c->units;

    for (int64_t b = 0; b < c->batch; b++) {
        const int64_t at = b * c->steps + c->t;
        const float *kept = c->kept + at * KEPT * n, *memory = kept + KEPT_MEMORY * n;
        const float *before = memory - KEPT * n;
        float *dh = c->dh + b * n, *dc = c->dc + b * n, *da = c->da + at * GATES * n;

        if (c->t)
            FELL_EACH for (int64_t u = 0; u < n; u++) da[FORGET * n + u] = before[u]; /* for now */
        else
            FELL_EACH for (int64_t u = 0; u < n; u++) da[FORGET * n + u] = 0.0f;
        FELL_EACH for (int64_t u = 0; u < n; u++)
        {
            const float i = kept[INPUT * n + u], f = kept[FORGET * n + u], g = kept[CELL * n + u];
            const float o = kept[OUTPUT * n + u], bent = fell_tanh(memory[u]);
            const float dm = dc[u] + dh[u] * o * (1.0f - bent * bent);

            da[INPUT * n + u] = dm * g * (i * (1.0f - i));
            da[FORGET * n + u] = dm * da[FORGET * n + u] * (f * (1.0f - f));
            da[CELL * n + u] = dm * i * (1.0f - g * g);
            da[OUTPUT * n + u] = dh[u] * bent * (o * (1.0f - o));
            dc[u] = dm * f;
            dh[u] = 0.0f;
        }
    }
    return FELL_OK;
}

RECURRENT_CALLS(GATES, KEPT, false)

static const fell_layer lstm = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "lstm",
        "Long short-term memory: a recurrent layer with a memory beside its state.\n\n"
        "With p = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh, gate by gate: i, f, o = sigmoid of p_i, p_f,\n"
        "p_o, g = tanh(p_g), c_t = f c_(t-1) + i g, h_t = o tanh(c_t). A sequence [T,D] becomes the\n"
        "last state [units], or with return_sequences all states [T,units]. S. Hochreiter and J.\n"
        "Schmidhuber, \"Long short-term memory\", 1997, with the forget gate of F. Gers et al.,\n"
        "2000. As PyTorch's LSTM, batch first.",
        struct recurrent, params),
    .tensors = tensors,
    .ntensors = RECURRENT_ALL_TENSORS,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &lstm.item);
