/* recurrent.h - what rnn, gru and lstm share: sequences step by step, and back.
 *
 * For a row of T steps with inputs x_t and states h_t of `units` numbers, h before the first
 * step 0, each cell makes h_t from
 *     a_t = W_ih x_t + b_ih   and   q_t = W_hh h_(t-1) + b_hh,
 * of so many gates of `units` numbers each (PyTorch's layout and order). The products with x
 * are one for all steps. Backwards (P. Werbos, "Backpropagation through time", 1990) each
 * cell turns the gradient of h_t into those of a_t and q_t.
 */
#ifndef LAYER_RECURRENT_H
#define LAYER_RECURRENT_H

#include "columns.h"

enum { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH, RECURRENT_TENSORS };
enum { RECURRENT_LAYERS = 2, RECURRENT_ALL_TENSORS = RECURRENT_LAYERS * 2 * RECURRENT_TENSORS };

struct recurrent {
    int64_t units;
    bool return_sequences, bias, bidirectional;
    int64_t layers;
    int32_t nonlinearity; /* rnn */
    int32_t reset;        /* gru: RESET_AFTER, RESET_BEFORE */
};

/* Whether the reset acts on the new gate's product with the state, as in PyTorch, or on the state before that
 * product: then the last gate of q is the cell's own affair. */
enum { RESET_AFTER, RESET_BEFORE };

#define RECURRENT_PARAMS                                                                                     \
    FELL_INT(struct recurrent, units, 0, 1, 1 << 20, FELL_REQUIRED, "Numbers in the state, at least 1."),    \
        FELL_BOOL(struct recurrent, return_sequences, false,                                                 \
                  "Whether the states of all steps are the output, true, or that of the last, false."),      \
        FELL_BOOL(struct recurrent, bias, true, "Whether the two biases are added, true or false."),         \
        FELL_BOOL(                                                                                           \
            struct recurrent, bidirectional, false,                                                          \
            "Whether a second one goes through the sequence from its end, and its states stand beside "      \
            "those of the first, true or false."),                                                           \
        FELL_INT(struct recurrent, layers, 1, 1, RECURRENT_LAYERS, 0,                                        \
                 "Layers one on top of the other, 1 or 2; more are entries of their own.")

/* PyTorch's default: all uniform between -1/sqrt(units) and 1/sqrt(units). Of weight_hh and
 * the biases, units is the fan in; of weight_ih, with G gates, the fan out is G units, and
 * SLOPE the square root of 6 / G - 1. */
#define RECURRENT_BY_UNITS "{he_uniform: {negative_slope: 2.23606797749979}}"
#define RECURRENT_TENSORS_OF(which, slope)                                                                   \
    {"weight_ih_" which, "Weights of the inputs, gate by gate: [gates units, inputs].",                      \
     "{he_uniform: {mode: fan_out, negative_slope: " slope "}}", FELL_WEIGHT},                               \
        {"weight_hh_" which, "Weights of the state before, gate by gate: [gates units, units].",             \
         RECURRENT_BY_UNITS, FELL_WEIGHT},                                                                   \
        {"bias_ih_" which, "Added to the inputs' part: [gates units].", RECURRENT_BY_UNITS, FELL_BIAS},      \
    {                                                                                                        \
        "bias_hh_" which, "Added to the state's part: [gates units].", RECURRENT_BY_UNITS, FELL_BIAS         \
    }
#define RECURRENT_TENSOR_TABLE(slope)                                                                        \
    {                                                                                                        \
        RECURRENT_TENSORS_OF("l0", slope), RECURRENT_TENSORS_OF("l0_reverse", slope),                        \
            RECURRENT_TENSORS_OF("l1", slope), RECURRENT_TENSORS_OF("l1_reverse", slope)                     \
    }

/* One step of a cell for the whole batch. Of arrays [B,T,..] the step's row b begins at
 * b * steps * width + t * width. */
struct recurrent_step {
    fell_ctx *ctx;
    int64_t batch, steps, units, t;
    int32_t nonlinearity;
    float *a;       /* [B,T,gates units] */
    float *q;       /* [B,gates units] */
    float *h;       /* [B,T,units] */
    float *kept;    /* [B,T,kept units] what the cell keeps for backward */
    float *da, *dq; /* [B,T,gates units], one array where the cell's two are equal */
    float *dh;      /* [B,units] in: of h_t; out: of h_(t-1), but for what goes through q_t */
    float *dc;      /* [B,units] the cell's own, passed back in time */
    int32_t reset;
    const float *weight_hh;
};

struct recurrent_cell {
    int64_t gates, kept;
    bool apart; /* da and dq differ */
    fell_status (*forward)(struct recurrent_step *s);
    fell_status (*backward)(struct recurrent_step *s);
};

/* Gates whose part of q is made of the state before, and comes before the cell; those of the rest, one, have
 * their input as the last of what the cell keeps. */
static inline int64_t recurrent_through(const struct recurrent *s, const struct recurrent_cell *cell)
{
    return cell->gates - (s->reset == RESET_BEFORE);
}

static inline void recurrent_shapes(fell_plan *p, const struct recurrent_cell *cell);

static fell_status recurrent_plan(fell_plan *p, const struct recurrent_cell *cell)
{
    const fell_shape *in = &p->in[0];

    if (in->rank != 2)
        return fell_fail(p->ctx, "takes sequences [steps, inputs]; its input has %lld dimension%s",
                         (long long)in->rank, in->rank == 1 ? "" : "s");
    recurrent_shapes(p, cell);
    return FELL_OK;
}

static inline float *recurrent_floats(const fell_layer_call *c, int64_t n)
{
    return fell_scratch(c->ctx, n, sizeof(float));
}

/* States first, then what the cell keeps: in saved, or in scratch where nothing follows. */
static fell_status recurrent_begin(const fell_layer_call *c, const struct recurrent_cell *cell,
                                   struct recurrent_step *s)
{
    const struct recurrent *settings = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], states = c->batch * steps * settings->units;

    *s = (struct recurrent_step){.ctx = c->ctx,
                                 .batch = c->batch,
                                 .steps = steps,
                                 .units = settings->units,
                                 .nonlinearity = settings->nonlinearity,
                                 .reset = settings->reset,
                                 .weight_hh = c->tensor[WEIGHT_HH]};
    s->h = c->saved ? c->saved : recurrent_floats(c, states * (1 + cell->kept));
    if (!s->h)
        return FELL_ERROR;
    s->kept = s->h + states;
    return FELL_OK;
}

/* to[rows,n] = BIAS in each row, 0 without one. */
static inline void recurrent_fill(const float *bias, int64_t rows, int64_t n, float *to)
{
    for (int64_t i = 0; i < rows; i++)
        if (bias)
            memcpy(to + i * n, bias, (size_t)n * sizeof *to);
        else
            memset(to + i * n, 0, (size_t)n * sizeof *to);
}

static fell_status recurrent_forward(fell_layer_call *c, const struct recurrent_cell *cell)
{
    const struct recurrent *settings = c->settings;
    const int64_t units = settings->units, n = cell->gates * units, inputs = c->plan->in[0].dim[1];
    struct recurrent_step s;

    if (recurrent_begin(c, cell, &s) != FELL_OK)
        return FELL_ERROR;
    s.a = recurrent_floats(c, c->batch * s.steps * n);
    s.q = recurrent_floats(c, c->batch * n);
    if (!s.a || !s.q)
        return FELL_ERROR;
    recurrent_fill(c->tensor[BIAS_IH], c->batch * s.steps, n, s.a);
    fell_gemm(c->ctx, c->batch * s.steps, n, inputs, c->x[0], inputs, false, c->tensor[WEIGHT_IH], inputs,
              true, s.a, n, true);
    for (s.t = 0; s.t < s.steps; s.t++) {
        recurrent_fill(c->tensor[BIAS_HH], c->batch, n, s.q);
        if (s.t)
            fell_gemm(c->ctx, c->batch, recurrent_through(settings, cell) * units, units,
                      s.h + (s.t - 1) * units, s.steps * units, false, c->tensor[WEIGHT_HH], units, true, s.q,
                      n, true);
        if (cell->forward(&s) != FELL_OK)
            return FELL_ERROR;
    }
    for (int64_t b = 0; b < c->batch; b++)
        if (settings->return_sequences)
            memcpy(c->y + b * s.steps * units, s.h + b * s.steps * units,
                   (size_t)(s.steps * units) * sizeof(float));
        else
            memcpy(c->y + b * units, s.h + ((b + 1) * s.steps - 1) * units, (size_t)units * sizeof(float));
    return FELL_OK;
}

/* dh += what the output of step t is worth. */
static void recurrent_take(const fell_layer_call *c, const struct recurrent_step *s)
{
    const struct recurrent *settings = c->settings;

    if (!settings->return_sequences && s->t != s->steps - 1)
        return;
    for (int64_t b = 0; b < s->batch; b++) {
        const float *dy =
            settings->return_sequences ? c->dy + (b * s->steps + s->t) * s->units : c->dy + b * s->units;

        for (int64_t u = 0; u < s->units; u++)
            s->dh[b * s->units + u] += dy[u];
    }
}

/* dW += d' from of the first GATED columns of d, db += the columns of d, of which there are n. */
static fell_status recurrent_gradients(const fell_layer_call *c, const struct recurrent_step *s, int64_t n,
                                       int64_t gated, const float *d, const float *from, int64_t width,
                                       int weight, int bias)
{
    const int64_t rows = s->batch * s->steps;
    struct columns columns = {c->ctx, d, rows, n, n, c->grad[bias]};

    if (c->grad[weight])
        fell_gemm(c->ctx, gated, width, rows, d, n, true, from, width, false, c->grad[weight], width, true);
    return c->grad[bias] ? columns_add(&columns) : FELL_OK;
}

/* dW of the gate whose input the cell has kept. */
static void recurrent_kept_gradient(const fell_layer_call *c, const struct recurrent_step *s,
                                    const struct recurrent_cell *cell)
{
    const int64_t units = s->units, at = (cell->gates - 1) * units;

    if (c->grad[WEIGHT_HH])
        fell_gemm(c->ctx, units, units, s->batch * s->steps, s->dq + at, cell->gates * units, true,
                  s->kept + (cell->kept - 1) * units, cell->kept * units, false,
                  c->grad[WEIGHT_HH] + at * units, units, true);
}

/* before[B,T,units]: the states one step earlier, 0 at the first. */
static void recurrent_shift(const struct recurrent_step *s, float *before)
{
    const int64_t row = s->steps * s->units;

    for (int64_t b = 0; b < s->batch; b++) {
        memset(before + b * row, 0, (size_t)s->units * sizeof *before);
        memcpy(before + b * row + s->units, s->h + b * row, (size_t)(row - s->units) * sizeof *before);
    }
}

static fell_status recurrent_backward(fell_layer_call *c, const struct recurrent_cell *cell)
{
    const int64_t n = cell->gates * ((const struct recurrent *)c->settings)->units;
    const int64_t through =
        recurrent_through(c->settings, cell) * ((const struct recurrent *)c->settings)->units;
    const int64_t inputs = c->plan->in[0].dim[1];
    struct recurrent_step s;
    int64_t rows, state;
    float *before;

    if (recurrent_begin(c, cell, &s) != FELL_OK)
        return FELL_ERROR;
    rows = c->batch * s.steps;
    state = c->batch * s.units;
    s.da = recurrent_floats(c, rows * n);
    s.dq = cell->apart ? recurrent_floats(c, rows * n) : s.da;
    s.dh = recurrent_floats(c, 2 * state);
    before = recurrent_floats(c, rows * s.units);
    if (!s.da || !s.dq || !s.dh || !before)
        return FELL_ERROR;
    s.dc = s.dh + state;
    memset(s.dh, 0, (size_t)(2 * state) * sizeof *s.dh);
    for (s.t = s.steps - 1; s.t >= 0; s.t--) {
        recurrent_take(c, &s);
        if (cell->backward(&s) != FELL_OK)
            return FELL_ERROR;
        if (s.t)
            fell_gemm(c->ctx, c->batch, s.units, through, s.dq + s.t * n, s.steps * n, false,
                      c->tensor[WEIGHT_HH], s.units, false, s.dh, s.units, true);
    }
    recurrent_shift(&s, before);
    if (recurrent_gradients(c, &s, n, n, s.da, c->x[0], inputs, WEIGHT_IH, BIAS_IH) != FELL_OK ||
        recurrent_gradients(c, &s, n, through, s.dq, before, s.units, WEIGHT_HH, BIAS_HH) != FELL_OK)
        return FELL_ERROR;
    if (through < n)
        recurrent_kept_gradient(c, &s, cell);
    if (c->dx[0])
        fell_gemm(c->ctx, rows, inputs, n, s.da, n, false, c->tensor[WEIGHT_IH], inputs, false, c->dx[0],
                  inputs, false);
    return FELL_OK;
}

#include "recurrent_stack.h"

/* The calls of a layer whose cell is that of so many gates and kept numbers, da and dq apart or one, and with
 * step_forward() and step_backward(). */
#define RECURRENT_CALLS(gates, kept, apart)                                                                  \
    static const struct recurrent_cell cell = {gates, kept, apart, step_forward, step_backward};             \
                                                                                                             \
    static fell_status plan(fell_plan *p)                                                                    \
    {                                                                                                        \
        return recurrent_plan(p, &cell);                                                                     \
    }                                                                                                        \
                                                                                                             \
    static fell_status forward(fell_layer_call *c)                                                           \
    {                                                                                                        \
        return recurrent_is_plain(c->settings) ? recurrent_forward(c, &cell)                                 \
                                               : recurrent_stack_forward(c, &cell);                          \
    }                                                                                                        \
                                                                                                             \
    static fell_status backward(fell_layer_call *c)                                                          \
    {                                                                                                        \
        return recurrent_is_plain(c->settings) ? recurrent_backward(c, &cell)                                \
                                               : recurrent_stack_backward(c, &cell);                         \
    }

#endif
