/* onnx_layers.c - activations and layers as ONNX has them, in evaluation. Recurrent layers and attention are
 * in onnx_sequences.c.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "export/onnx_rows.h"

/* ---- activations ------------------------------------------------------------------------ */

static const char *gelu(struct onnx_entry *e)
{
    return onnx_setting(e, "approximate") != 0.0
               ? "Mul(Mul(x, 0.5), Add(Tanh(Mul(Add(x, Mul(Mul(Mul(x, x), x), 0.044715)), "
                 "0.7978845608028654)), 1))"
               : "Mul(Mul(x, 0.5), Add(Erf(Mul(x, 0.7071067811865476)), 1))";
}

const struct onnx_row onnx_activations[] = {
    {"celu", "Celu(x){alpha=$alpha}", NULL},
    {"elu", "Elu(x){alpha=$alpha}", NULL},
    {"gelu", NULL, gelu},
    {"hard_shrink", "Shrink(x){lambd=$lambda, bias=0.0}", NULL},
    {"hard_sigmoid", "HardSigmoid(x){alpha=0.16666666666666666, beta=0.5}", NULL},
    {"hard_swish", "HardSwish(x)", NULL},
    {"hard_tanh", "Clip(x, $min, $max)", NULL},
    {"identity", "x", NULL},
    {"leaky_relu", "LeakyRelu(x){alpha=$negative_slope}", NULL},
    {"log_sigmoid", "Neg(Softplus(Neg(x)))", NULL},
    {"log_softmax", "LogSoftmax(x){axis=-1}", NULL},
    {"mish", "Mul(x, Tanh(Softplus(x)))", NULL},
    {"relu", "Relu(x)", NULL},
    {"relu6", "Clip(x, 0, 6)", NULL},
    {"selu", "Selu(x)", NULL},
    {"sigmoid", "Sigmoid(x)", NULL},
    {"silu", "Mul(x, Sigmoid(x))", NULL},
    {"sine", "Sin(x)", NULL},
    {"soft_shrink", "Shrink(x){lambd=$lambda, bias=$lambda}", NULL},
    {"softmax", "Softmax(x){axis=-1}", NULL},
    {"softplus", "s = Mul(x, $beta); Where(Greater(s, $threshold), x, Div(Softplus(s), $beta))", NULL},
    {"softsign", "Softsign(x)", NULL},
    {"tanh", "Tanh(x)", NULL},
    {"tanh_shrink", "Sub(x, Tanh(x))", NULL},
    {NULL, NULL, NULL},
};

/* ---- products, convolutions, pools --------------------------------------------------------- */

static const char *dense(struct onnx_entry *e)
{
    if (e->in[0].rank == 2)
        return "Add(MatMul(x, Transpose(@weight){perm=[1,0]}), @bias)";
    return e->in[0].rank == 1 ? "Gemm(x, @weight, @bias){transB=1}"
                              : "Gemm(Flatten(x), @weight, @bias){transB=1}";
}

static const char *embedding(struct onnx_entry *e)
{
    const struct onnx_held *w = onnx_held(e, "weight");
    const int64_t padding = (int64_t)onnx_setting(e, "padding_index"), n = w->shape.dim[1];

    if (padding >= 0) {
        float *vectors = onnx_make(e, "vectors", w->shape);

        memcpy(vectors, w->floats, (size_t)fell_size(&w->shape) * sizeof *vectors);
        memset(vectors + padding * n, 0, (size_t)n * sizeof *vectors);
        return "Gather(@vectors, Cast(x){to=7})";
    }
    return "Gather(@weight, Cast(x){to=7})";
}

/* What is no word, -1, takes the last vector, of zeros. */
static const char *embed_column(struct onnx_entry *e)
{
    const struct onnx_held *w = onnx_held(e, "weight");
    const int64_t n = w->shape.dim[0], cols = e->in[0].dim[0], at = (int64_t)onnx_setting(e, "column");
    int64_t *rest = onnx_make_ints(e, "rest", cols - 1);

    memcpy(onnx_make(e, "vectors", fell_mat(n + 1, w->shape.dim[1])), w->floats,
           (size_t)fell_size(&w->shape) * sizeof(float));
    for (int64_t j = 0; j < cols - 1; j++)
        rest[j] = j + (j >= at);
    return onnx_format(e,
                       "v = Gather(@vectors, Cast(Gather(x, #%lld){axis=1}){to=7}); "
                       "%s",
                       (long long)at, cols > 1 ? "Concat(Gather(x, @rest){axis=1}, v){axis=1}" : "v");
}

static const char *multiply(struct onnx_entry *e)
{
    const char *text = "x0";

    for (size_t i = 1; i < e->ninputs; i++)
        text = onnx_format(e, "Mul(%s, x%zu)", text, i);
    return text;
}

static const char *concat(struct onnx_entry *e)
{
    const int64_t axis = (int64_t)onnx_setting(e, "axis");

    return onnx_format(e, "Concat(...){axis=%lld}", (long long)(axis < 0 ? axis : axis + 1));
}

/* What a pool's last window reaches beyond the padding where its size was rounded up (ceil_mode of ONNX means
 * other windows), as "0,0,1,1" of two axes: begin of each, end of each. PADDED: the padding is part of it. */
static const char *pool_pads(struct onnx_entry *e, bool padded)
{
    const int64_t axes = e->in[0].rank - 1;
    fell_shape pads = {.rank = 2 * axes};

    for (int64_t a = 0; a < axes; a++) {
        const int64_t kernel = onnx_number(e, "kernel", a), given = onnx_number(e, "stride", a);
        const int64_t stride = given ? given : kernel, dilation = onnx_number(e, "dilation", a);
        const int64_t padding = onnx_number(e, "padding", a), in = e->in[0].dim[1 + a];
        const int64_t span = (dilation ? dilation : 1) * (kernel - 1) + 1;
        const int64_t beyond = (e->out.dim[1 + a] - 1) * stride + span - in - 2 * padding;

        pads.dim[a] = padded ? padding : 0;
        pads.dim[axes + a] = pads.dim[a] + (beyond > 0 ? beyond : 0);
    }
    return onnx_dims(e, &pads);
}

static const char *max_pool(struct onnx_entry *e)
{
    const int n = (int)e->in[0].rank - 1;

    return onnx_format(
        e,
        "MaxPool(x){kernel_shape=$kernel:%d, strides=$stride|kernel:%d, dilations=$dilation:%d, pads=[%s]}",
        n, n, n, pool_pads(e, true));
}

/* Padding that counts is zeros of the input; what lies beyond it never counts. */
static const char *avg_pool(struct onnx_entry *e)
{
    const int n = (int)e->in[0].rank - 1;
    const bool counts = onnx_setting(e, "count_include_pad") != 0.0;
    const double divisor = onnx_setting(e, "divisor_override");
    const char *window = onnx_format(e, "kernel_shape=$kernel:%d, strides=$stride|kernel:%d", n, n),
               *zeros = "0,0";

    if (divisor != 0.0)
        return onnx_format(e, "Mul(AveragePool(x){%s, pads=[%s], count_include_pad=1}, %.17g)", window,
                           pool_pads(e, true),
                           (double)(onnx_number(e, "kernel", 0) * onnx_number(e, "kernel", 1)) / divisor);
    if (!counts)
        return onnx_format(e, "AveragePool(x){%s, pads=[%s]}", window, pool_pads(e, true));
    for (int side = 0; side < 2; side++) {
        for (int a = 0; a < n; a++)
            zeros = onnx_format(e, "%s,%lld", zeros, (long long)onnx_number(e, "padding", a));
        zeros = side ? zeros : onnx_format(e, "%s,0,0", zeros);
    }
    return onnx_format(e, "AveragePool(Pad(x, [%s], 0)){%s, pads=[%s]}", zeros, window, pool_pads(e, false));
}

/* @NAME [OUT,IN] or, TURNED, [IN,OUT]: means of the windows of adaptive pooling along one axis. */
static void make_means(struct onnx_entry *e, const char *name, int64_t in, int64_t out, bool turned)
{
    float *m = onnx_make(e, name, turned ? fell_mat(in, out) : fell_mat(out, in));

    for (int64_t o = 0; o < out; o++) {
        const int64_t begin = o * in / out, end = ((o + 1) * in + out - 1) / out;

        for (int64_t i = begin; i < end; i++)
            m[turned ? i * out + o : o * in + i] = 1.0f / (float)(end - begin);
    }
}

static const char *adaptive_avg_pool2d(struct onnx_entry *e)
{
    make_means(e, "rows", e->in[0].dim[1], e->out.dim[1], false);
    make_means(e, "columns", e->in[0].dim[2], e->out.dim[2], true);
    return "MatMul(MatMul(@rows, x), @columns)";
}

static const char *upsample(struct onnx_entry *e)
{
    const long long rows = e->out.dim[1] / e->in[0].dim[1], cols = e->out.dim[2] / e->in[0].dim[2];

    return onnx_format(e, "Resize(x, _, f[1,1,%lld,%lld]){%s}", rows, cols,
                       onnx_setting(e, "mode") == 0.0
                           ? "mode=nearest, coordinate_transformation_mode=asymmetric, nearest_mode=floor"
                           : "mode=linear, coordinate_transformation_mode=half_pixel");
}

/* ---- shapes ----------------------------------------------------------------------------------- */

static const char *reshape(struct onnx_entry *e)
{
    return onnx_format(e, "Reshape(x, [-1,%s])", onnx_dims(e, &e->out));
}

static const char *permute(struct onnx_entry *e)
{
    const fell_ints axes = onnx_ints(e, "axes");
    fell_shape order = {.rank = e->in[0].rank};

    for (int64_t d = 0; d < order.rank; d++)
        order.dim[d] = 1 + (axes.n ? axes.v[d] : order.rank - 1 - d);
    return onnx_format(e, "Transpose(x){perm=[0,%s]}", onnx_dims(e, &order));
}

/* Sides as `size` gives them: [left, right, top, bottom], the last dimension first. */
static const char *pad(struct onnx_entry *e)
{
    static const char *const modes[] = {"constant", "reflect", "edge"};
    enum { CIRCULAR = 3 };
    const int mode = (int)onnx_setting(e, "mode");
    const fell_ints size = onnx_ints(e, "size");
    const int64_t axes = e->in[0].rank - 1;
    fell_shape pads = {.rank = 2 * axes};
    const char *text = "x";

    for (int64_t a = 0; a < axes; a++)
        for (int64_t side = 0; side < 2; side++)
            pads.dim[side * axes + axes - 1 - a] = size.v[size.n > 1 ? 2 * a + side : 0];
    if (mode != CIRCULAR)
        return axes == 1 ? onnx_format(e, "Pad(x, [0,0,%lld,0,0,%lld], $value){mode=%s}",
                                       (long long)pads.dim[0], (long long)pads.dim[1], modes[mode])
                         : onnx_format(e, "Pad(x, [0,0,%lld,%lld,0,0,%lld,%lld], $value){mode=%s}",
                                       (long long)pads.dim[0], (long long)pads.dim[1], (long long)pads.dim[2],
                                       (long long)pads.dim[3], modes[mode]);
    for (int64_t a = 0; a < axes; a++) {
        const long long n = e->in[0].dim[1 + a], before = pads.dim[a], behind = pads.dim[axes + a];
        const long long axis = 2 + a;

        text = onnx_format(
            e, "Concat(Slice(%s, [%lld], [%lld], [%lld]), %s, Slice(%s, [0], [%lld], [%lld])){axis=%lld}",
            text, n - before, n, axis, text, text, behind, axis, axis);
    }
    return text;
}

static const char *glu(struct onnx_entry *e)
{
    static const char *const gates[] = {"sigmoid", "silu", "gelu", "relu", "tanh", "identity"};
    const int64_t given = (int64_t)onnx_setting(e, "dim"), dim = given < 0 ? given + e->in[0].rank : given;
    const long long half = e->out.dim[dim], axis = dim + 1;
    const int gate = (int)onnx_setting(e, "gate");
    const struct onnx_row *row = onnx_find(onnx_activations, gates[gate]);

    return onnx_format(e,
                       "a = Slice(x, [0], [%lld], [%lld]); x = Slice(x, [%lld], [%lld], [%lld]); Mul(a, %s)",
                       half, axis, half, 2 * half, axis,
                       row->text ? row->text : "Mul(Mul(x, 0.5), Add(Erf(Mul(x, 0.7071067811865476)), 1))");
}

static const char *prelu(struct onnx_entry *e)
{
    const struct onnx_held *w = onnx_held(e, "weight");
    fell_shape slope = {.rank = e->in[0].rank, .dim = {1, 1, 1, 1}};

    slope.dim[0] = fell_size(&w->shape);
    memcpy(onnx_make(e, "slope", slope), w->floats, (size_t)slope.dim[0] * sizeof(float));
    return "PRelu(x, @slope)";
}

/* ---- norms -------------------------------------------------------------------------------------- */

/* Affine tensors that the layer does not have are 1 and 0. */
static void make_affine(struct onnx_entry *e, int64_t n)
{
    onnx_make_unless(e, "weight", n, 1.0f);
    onnx_make_unless(e, "bias", n, 0.0f);
}

#define BATCH_NORM "BatchNormalization(x, @weight, @bias, @running_mean, @running_var){epsilon=$epsilon}"

static const char *batch_norm(struct onnx_entry *e)
{
    make_affine(e, e->in[0].dim[0]);
    return BATCH_NORM;
}

static const char *instance_norm(struct onnx_entry *e)
{
    make_affine(e, e->in[0].dim[0]);
    return onnx_held(e, "running_mean") ? BATCH_NORM
                                        : "InstanceNormalization(x, @weight, @bias){epsilon=$epsilon}";
}

/* Groups are the channels of an instance norm; weights are the channels'. */
static const char *group_norm(struct onnx_entry *e)
{
    const long long groups = (long long)onnx_setting(e, "num_groups");
    static const char *const tensors[] = {"weight", "bias"};
    static const char *const shaped[] = {"factor", "shift"};

    for (int i = 0; i < 2; i++) {
        const struct onnx_held *h = onnx_held(e, tensors[i]);
        fell_shape s = {.rank = e->in[0].rank, .dim = {e->in[0].dim[0], 1, 1, 1}};

        if (h)
            memcpy(onnx_make(e, shaped[i], s), h->floats, (size_t)s.dim[0] * sizeof(float));
    }
    onnx_make_unless(e, "ones", groups, 1.0f);
    onnx_make_unless(e, "zeros", groups, 0.0f);
    return onnx_format(e,
                       "Add(Mul(Reshape(InstanceNormalization(Reshape(x, [-1,%lld,%lld]), @ones, @zeros)"
                       "{epsilon=$epsilon}, [-1,%s]), @factor), @shift)",
                       groups, (long long)fell_size(&e->in[0]) / groups, onnx_dims(e, &e->in[0]));
}

/* The first of the last dimensions that are normalised together, from the end: -1, -2 ... */
static int64_t norm_axis(const struct onnx_entry *e)
{
    const fell_ints shape = onnx_ints(e, "normalized_shape");

    return shape.n ? -shape.n : -1;
}

static const char *layer_norm(struct onnx_entry *e)
{
    const int64_t axis = norm_axis(e);
    fell_shape last = {.rank = -axis};

    for (int64_t i = 0; i < last.rank; i++)
        last.dim[i] = e->in[0].dim[e->in[0].rank - last.rank + i];
    if (!onnx_held(e, "weight")) {
        float *ones = onnx_make(e, "weight", last);

        for (int64_t i = 0; i < fell_size(&last); i++)
            ones[i] = 1.0f;
    }
    return onnx_format(e, "LayerNormalization(x, @weight, @bias){axis=%lld, epsilon=$epsilon}",
                       (long long)axis);
}

static const char *rms_norm(struct onnx_entry *e)
{
    const char *axes = "-1";

    for (int64_t i = 2; i <= -norm_axis(e); i++)
        axes = onnx_format(e, "%s,-%lld", axes, (long long)i);
    return onnx_format(e, "Mul(Div(x, Sqrt(Add(ReduceMean(Mul(x, x), [%s]), $epsilon))), @weight)", axes);
}

/* The mean of squares over neighbouring channels is that of a window over a picture [channels, places]. */
static const char *local_response_norm(struct onnx_entry *e)
{
    const long long size = (long long)onnx_setting(e, "size"), low = size / 2, high = size - 1 - low;
    const long long channels = e->in[0].dim[0], places = fell_size(&e->in[0]) / channels;

    return onnx_format(
        e,
        "Div(x, Pow(Add(Mul(Reshape(AveragePool(Reshape(Mul(x, x), [-1,1,%lld,%lld]))"
        "{kernel_shape=[%lld,1], pads=[%lld,0,%lld,0], count_include_pad=1}, [-1,%s]), $alpha), "
        "$k), $beta))",
        channels, places, size, low, high, onnx_dims(e, &e->in[0]));
}

#define CONV(n, sides)                                                                                       \
    "Conv(x, @weight, @bias){kernel_shape=$kernel:" n ", strides=$stride:" n ", pads=$padding:" sides        \
    ", dilations=$dilation:" n ", group=$groups}"

const struct onnx_row onnx_layers[] = {
    {"adaptive_avg_pool2d", NULL, adaptive_avg_pool2d},
    {"add", "Sum(...)", NULL},
    {"avg_pool1d", NULL, avg_pool},
    {"avg_pool2d", NULL, avg_pool},
    {"batch_norm", NULL, batch_norm},
    {"concat", NULL, concat},
    {"conv1d", CONV("1", "2"), NULL},
    {"conv2d", CONV("2", "4"), NULL},
    {"conv_transpose2d",
     "ConvTranspose(x, @weight, @bias){kernel_shape=$kernel:2, strides=$stride:2, pads=$padding:4, "
     "dilations=$dilation:2, output_padding=$output_padding:2, group=$groups}",
     NULL},
    {"dense", NULL, dense},
    {"dropout", "x", NULL},
    {"embed_column", NULL, embed_column},
    {"embedding", NULL, embedding},
    {"flatten", "Flatten(x)", NULL},
    {"global_avg_pool2d", "GlobalAveragePool(x)", NULL},
    {"glu", NULL, glu},
    {"group_norm", NULL, group_norm},
    {"instance_norm", NULL, instance_norm},
    {"layer_norm", NULL, layer_norm},
    {"local_response_norm", NULL, local_response_norm},
    {"max_pool1d", NULL, max_pool},
    {"max_pool2d", NULL, max_pool},
    {"multiply", NULL, multiply},
    {"noise", "x", NULL},
    {"pad", NULL, pad},
    {"permute", NULL, permute},
    {"prelu", NULL, prelu},
    {"reshape", NULL, reshape},
    {"rms_norm", NULL, rms_norm},
    {"upsample", NULL, upsample},
    {NULL, NULL, NULL},
};
