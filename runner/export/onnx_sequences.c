/* onnx_sequences.c - layers of sequences as ONNX has them: recurrent ones, attention, places. Tensors are put
 * into ONNX's order of gates here; what goes in is [batch, steps, width], as fell has it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "export/onnx_rows.h"

/* ---- recurrent layers ------------------------------------------------------------------- */

/* A kind of cell. ORDER: PyTorch's gate at each place of ONNX's. */
struct cell {
    const char *op, *activations[2]; /* by the setting nonlinearity; "": ONNX's own */
    int gates, order[4];
    const char *more;
};

static const struct cell rnn_cell = {"RNN", {"Tanh", "Relu"}, 1, {0}, ""};
static const struct cell gru_cell = {"GRU", {"", ""}, 3, {1, 0, 2}, ", linear_before_reset=1"};
static const struct cell gru_before_cell = {"GRU", {"", ""}, 3, {1, 0, 2}, ", linear_before_reset=0"};
static const struct cell lstm_cell = {"LSTM", {"", ""}, 4, {0, 3, 1, 2}, ""};

/* ROWS of WIDTH numbers, gate by gate, into ONNX's order at TO. */
static void put_gates(const struct cell *cell, const float *from, int64_t units, int64_t width, float *to)
{
    for (int g = 0; g < cell->gates; g++)
        memcpy(to + g * units * width, from + cell->order[g] * units * width,
               (size_t)(units * width) * sizeof *to);
}

/* @w, @r and @b of layer L, [directions, ...]; WIDTH of what goes in. */
static void make_layer(struct onnx_entry *e, const struct cell *cell, int64_t l, int64_t width)
{
    static const char *const made[2][3] = {{"w0", "r0", "b0"}, {"w1", "r1", "b1"}};
    const int64_t units = (int64_t)onnx_setting(e, "units"), n = cell->gates * units;
    const int64_t directions = onnx_setting(e, "bidirectional") != 0.0 ? 2 : 1;
    float *w = onnx_make(e, made[l][0], (fell_shape){3, {directions, n, width}});
    float *r = onnx_make(e, made[l][1], (fell_shape){3, {directions, n, units}});
    float *b = onnx_make(e, made[l][2], fell_mat(directions, 2 * n));

    for (int64_t d = 0; d < directions; d++) {
        const char *which = onnx_format(e, "l%lld%s", (long long)l, d ? "_reverse" : "");
        const struct onnx_held *ih = onnx_held(e, onnx_format(e, "weight_ih_%s", which));
        const struct onnx_held *hh = onnx_held(e, onnx_format(e, "weight_hh_%s", which));
        const struct onnx_held *bias_ih = onnx_held(e, onnx_format(e, "bias_ih_%s", which));
        const struct onnx_held *bias_hh = onnx_held(e, onnx_format(e, "bias_hh_%s", which));

        put_gates(cell, ih->floats, units, width, w + d * n * width);
        put_gates(cell, hh->floats, units, units, r + d * n * units);
        if (bias_ih) {
            put_gates(cell, bias_ih->floats, units, 1, b + d * 2 * n);
            put_gates(cell, bias_hh->floats, units, 1, b + d * 2 * n + n);
        }
    }
}

static const char *recurrent(struct onnx_entry *e, const struct cell *cell)
{
    const int64_t units = (int64_t)onnx_setting(e, "units"), layers = (int64_t)onnx_setting(e, "layers");
    const int64_t directions = onnx_setting(e, "bidirectional") != 0.0 ? 2 : 1;
    const bool all = onnx_setting(e, "return_sequences") != 0.0;
    const char *activation = cell->activations[onnx_setting(e, "nonlinearity") != 0.0];
    const char *words = !*activation      ? ""
                        : directions == 2 ? onnx_format(e, ", activations='%s %s'", activation, activation)
                                          : onnx_format(e, ", activations='%s'", activation);
    const char *text = "Transpose(x){perm=[1,0,2]}"; /* steps first */

    for (int64_t l = 0; l < layers; l++) {
        const bool last = l == layers - 1;

        make_layer(e, cell, l, l ? units * directions : e->in[0].dim[1]);
        text =
            onnx_format(e, "%s(%s, @w%lld, @r%lld, @b%lld)%s{hidden_size=%lld, direction=%s%s%s}", cell->op,
                        text, (long long)l, (long long)l, (long long)l, last && !all ? ".1" : "",
                        (long long)units, directions == 2 ? "bidirectional" : "forward", cell->more, words);
        if (!last) /* [steps, directions, batch, units] */
            text = onnx_format(e, "Reshape(Transpose(%s){perm=[0,2,1,3]}, [%lld,-1,%lld])", text,
                               (long long)e->in[0].dim[0], (long long)(directions * units));
    }
    return all ? onnx_format(e, "Reshape(Transpose(%s){perm=[2,0,1,3]}, [-1,%s])", text,
                             onnx_dims(e, &e->out))
               : onnx_format(e, "Reshape(Transpose(%s){perm=[1,0,2]}, [-1,%s])", text, onnx_dims(e, &e->out));
}

static const char *rnn(struct onnx_entry *e)
{
    return recurrent(e, &rnn_cell);
}

static const char *gru(struct onnx_entry *e)
{
    return recurrent(e, onnx_setting(e, "reset") != 0.0 ? &gru_before_cell : &gru_cell);
}

static const char *lstm(struct onnx_entry *e)
{
    return recurrent(e, &lstm_cell);
}

/* ---- attention --------------------------------------------------------------------------- */

/* @NAME [K,N]: rows FROM to FROM + N of W [.., K], turned. */
static void make_turned(struct onnx_entry *e, const char *name, const float *w, int64_t from, int64_t n,
                        int64_t k)
{
    float *to = onnx_make(e, name, fell_mat(k, n));

    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            to[j * n + i] = w[(from + i) * k + j];
}

/* Weights and biases of queries, keys and values: @wq @wk @wv @bq @bk @bv. */
static void make_projections(struct onnx_entry *e, int64_t width, int64_t other)
{
    static const char *const parts[] = {"q_proj_weight", "k_proj_weight", "v_proj_weight"};
    static const char *const weights[] = {"wq", "wk", "wv"}, *const biases[] = {"bq", "bk", "bv"};
    const struct onnx_held *joint = onnx_held(e, "in_proj_weight"), *bias = onnx_held(e, "in_proj_bias");

    for (int i = 0; i < 3; i++) {
        if (joint)
            make_turned(e, weights[i], joint->floats, i * width, width, width);
        else
            make_turned(e, weights[i], onnx_held(e, parts[i])->floats, 0, width, i ? other : width);
        if (bias)
            memcpy(onnx_make(e, biases[i], fell_vec(width)), bias->floats + i * width,
                   (size_t)width * sizeof(float));
    }
}

static const char *attention(struct onnx_entry *e)
{
    const fell_shape *q = &e->in[0], *k = &e->in[e->ninputs - 1];
    const int64_t width = q->dim[1], heads = (int64_t)onnx_setting(e, "heads"), head = width / heads;
    const char *shape = onnx_format(e, "%lld,%lld", (long long)heads, (long long)head);
    const char *other = e->ninputs > 1 ? "x1" : "x0", *mask = "s";

    make_projections(e, width, k->dim[1]);
    make_turned(e, "wo", onnx_held(e, "out_proj.weight")->floats, 0, width, width);
    if (onnx_setting(e, "causal") != 0.0) {
        float *m = onnx_make(e, "mask", fell_mat(q->dim[0], k->dim[0]));

        for (int64_t i = 0; i < q->dim[0]; i++)
            for (int64_t j = i + 1; j < k->dim[0]; j++)
                m[i * k->dim[0] + j] = -INFINITY;
        mask = "Add(s, @mask)";
    }
    return onnx_format(e,
                       "q = Transpose(Reshape(Add(MatMul(x0, @wq), @bq), [-1,%lld,%s])){perm=[0,2,1,3]}; "
                       "k = Transpose(Reshape(Add(MatMul(%s, @wk), @bk), [-1,%lld,%s])){perm=[0,2,3,1]}; "
                       "v = Transpose(Reshape(Add(MatMul(%s, @wv), @bv), [-1,%lld,%s])){perm=[0,2,1,3]}; "
                       "s = Mul(MatMul(q, k), %.17g); "
                       "y = Transpose(MatMul(Softmax(%s){axis=-1}, v)){perm=[0,2,1,3]}; "
                       "Add(MatMul(Reshape(y, [-1,%lld,%lld]), @wo), @out_proj.bias)",
                       (long long)q->dim[0], shape, other, (long long)k->dim[0], shape, other,
                       (long long)k->dim[0], shape, 1.0 / sqrt((double)head), mask, (long long)q->dim[0],
                       (long long)width);
}

/* ---- the rest ----------------------------------------------------------------------------- */

/* Sine and cosine of t / 10000^(2i/width) at 2i and 2i + 1, as positional.c has them. */
static const char *positional(struct onnx_entry *e)
{
    const int64_t steps = e->in[0].dim[0], width = e->in[0].dim[1];
    float *wave;

    if (onnx_held(e, "weight"))
        return "Add(x, @weight)";
    wave = onnx_make(e, "waves", e->in[0]);
    for (int64_t t = 0; t < steps; t++)
        for (int64_t j = 0; j < width; j++) {
            const double at = (double)t * pow(10000.0, -(double)(j - j % 2) / (double)width);

            wave[t * width + j] = (float)(j % 2 ? cos(at) : sin(at));
        }
    return "Add(x, @waves)";
}

static const char *sequence_pool(struct onnx_entry *e)
{
    enum { MEAN, MAX, FIRST };
    const int mode = (int)onnx_setting(e, "mode");

    if (mode == MEAN)
        return "ReduceMean(x, [1]){keepdims=0}";
    if (mode == MAX)
        return "ReduceMax(x, [1]){keepdims=0}";
    return onnx_format(e, "Gather(x, #%lld){axis=1}", (long long)(mode == FIRST ? 0 : e->in[0].dim[0] - 1));
}

static const char *softmax_over(struct onnx_entry *e)
{
    const int64_t axis = (int64_t)onnx_setting(e, "axis");

    return onnx_format(e, "%s(x){axis=%lld}", onnx_setting(e, "log") != 0.0 ? "LogSoftmax" : "Softmax",
                       (long long)(axis < 0 ? axis : axis + 1));
}

const struct onnx_row onnx_sequence_layers[] = {
    {"attention", NULL, attention},       {"gru", NULL, gru}, {"lstm", NULL, lstm},
    {"positional", NULL, positional},     {"rnn", NULL, rnn}, {"sequence_pool", NULL, sequence_pool},
    {"softmax_over", NULL, softmax_over}, {NULL, NULL, NULL},
};
