/* test_plugin_bits.c - what the reference files cannot show of activations, losses
 * and layers: the same bits at every SIMD level at sizes that no vector
 * divides, and gradients against central differences.
 */
#include "plugin_help.h"

/* ---- the same bits at every level --------------------------------------------------- */

/* Outputs of a run of callbacks at one level, to be compared with another's. */
struct trace {
    float *v;
    int64_t n, room;
};

static void trace_add(struct trace *t, const float *v, int64_t n)
{
    if (t->n + n > t->room) {
        t->room = 2 * t->room + n;
        t->v = mem_grow(t->v, (size_t)t->room, sizeof *t->v);
    }
    memcpy(t->v + t->n, v, (size_t)n * sizeof *v);
    t->n += n;
}

typedef void traced(enum simd_level level, const char *name, const char *settings, int64_t rows, int64_t cols,
                    struct trace *t);

static const int64_t sizes[][2] = {{1, 1},  {3, 1},  {7, 3},   {5, 10}, {9, 16},
                                   {4, 17}, {6, 37}, {3, 130}, {70, 11}};

static void assert_same_bits(traced *run, const char *name, const char *settings)
{
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct trace first = {0};

        run(SIMD_PORTABLE, name, settings, sizes[i][0], sizes[i][1], &first);
        cr_assert_gt(first.n, 0);
        EACH_LEVEL(level)
        {
            struct trace t = {0};

            run(level, name, settings, sizes[i][0], sizes[i][1], &t);
            cr_assert_eq(t.n, first.n);
            for (int64_t j = 0; j < t.n; j++)
                cr_assert(memcmp(&t.v[j], &first.v[j], sizeof *t.v) == 0,
                          "%s %s, %lld x %lld, %s: output %lld is %.9g, portable %.9g", name, settings,
                          (long long)sizes[i][0], (long long)sizes[i][1], simd_name(level), (long long)j,
                          (double)t.v[j], (double)first.v[j]);
            free(t.v);
        }
        free(first.v);
    }
}

static void trace_activation(enum simd_level level, const char *name, const char *settings, int64_t rows,
                             int64_t cols, struct trace *t)
{
    const int64_t n = rows * cols;
    float *x = floats_normal(n, 3.0f, 1), *dy = floats_normal(n, 1.0f, 2), *y = floats_of(n, NAN);
    struct plugin p;
    fell_activation_call c;

    plugin_open(&p, ROLE_ACTIVATION, name, settings, level);
    c = (fell_activation_call){&p.in.ctx, p.settings, rows, cols, x, y, NULL, NULL};
    plugin_ok(&p, p.item->activation->forward(&c));
    c.dy = c.dx = dy;
    plugin_ok(&p, p.item->activation->backward(&c));
    trace_add(t, y, n);
    trace_add(t, dy, n);
    plugin_close(&p);
    free(x), free(y), free(dy);
}

/* Predictions for a loss over probabilities lie between 0 and 1, those over their logarithms below 0. */
static void suit(const fell_loss *loss, float *pred, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (loss->expects == FELL_PROB)
            pred[i] = 0.05f + 0.9f / (1.0f + fabsf(pred[i]));
        else if (loss->expects == FELL_LOGPROB)
            pred[i] = -fabsf(pred[i]);
}

/* Labels 0, 1, 2 ... round the classes; targets of 0 and 1 otherwise. */
static void trace_loss(enum simd_level level, const char *name, const char *settings, int64_t rows,
                       int64_t cols, struct trace *t)
{
    const int64_t n = rows * cols;
    float *pred = floats_normal(n, 3.0f, 3), *target = floats_of(n, 0.0f), *dpred = floats_of(n, NAN);
    int32_t *label = mem_array((size_t)rows, sizeof *label);
    struct plugin p;
    fell_loss_call c;
    float sums[4];

    plugin_open(&p, ROLE_LOSS, name, settings, level);
    suit(p.item->loss, pred, n);
    for (int64_t i = 0; i < n; i++)
        target[i] = (float)(i * 7 % 3 == 0);
    for (int64_t i = 0; i < rows; i++)
        label[i] = (int32_t)(i % cols);
    c = (fell_loss_call){.ctx = &p.in.ctx,
                         .settings = p.settings,
                         .rows = rows,
                         .cols = cols,
                         .pred = pred,
                         .weight = (double)rows,
                         .dpred = dpred};
    if (p.item->loss->target == FELL_CLASSES)
        c.label = label;
    else
        c.target = target;
    plugin_ok(&p, p.item->loss->eval(&c));
    memcpy(sums, &c.sum, sizeof c.sum);
    memcpy(sums + 2, &c.weight, sizeof c.weight);
    trace_add(t, sums, 4);
    trace_add(t, dpred, n);
    plugin_close(&p);
    free(pred), free(target), free(dpred), free(label);
}

/* A layer with as many equal inputs as it needs, at least one; training. */
static void trace_layer(enum simd_level level, const char *name, const char *settings, int64_t rows,
                        int64_t cols, struct trace *t)
{
    float *x = floats_normal(rows * cols, 1.0f, 6), *dx[2], *tensor[2] = {NULL}, *grad[2] = {NULL};
    const float *inputs[2] = {x, x};
    fell_shape in[2] = {fell_vec(cols), fell_vec(cols)}, shape[2] = {{0}};
    struct plugin p;
    fell_plan plan;
    fell_layer_call c;
    float *y, *dy;
    int64_t n;

    plugin_open(&p, ROLE_MODEL_ENTRY, name, settings, level);
    plan = (fell_plan){.ctx = &p.in.ctx,
                       .settings = p.settings,
                       .nin = p.item->layer->min_inputs > 1 ? 2 : 1,
                       .max_batch = rows,
                       .in = in,
                       .tensor = shape};
    plugin_ok(&p, p.item->layer->plan(&plan));
    n = rows * fell_size(&plan.out);
    y = floats_of(n, NAN);
    dy = floats_normal(n, 1.0f, 7);
    for (uint64_t i = 0; i < p.item->layer->ntensors; i++) {
        tensor[i] = floats_normal(fell_size(&shape[i]), 1.0f, 8 + i);
        grad[i] = floats_of(fell_size(&shape[i]), 0.25f);
    }
    for (int i = 0; i < 2; i++)
        dx[i] = floats_of(rows * cols, NAN);
    c = (fell_layer_call){.ctx = &p.in.ctx,
                          .settings = p.settings,
                          .plan = &plan,
                          .batch = rows,
                          .training = 1,
                          .x = inputs,
                          .y = y,
                          .dy = dy,
                          .dx = dx,
                          .tensor = tensor,
                          .grad = grad,
                          .saved = mem_try_aligned((size_t)plan.saved_bytes + 1, 1)};
    plugin_ok(&p, p.item->layer->forward(&c));
    plugin_ok(&p, p.item->layer->backward(&c));
    trace_add(t, y, n);
    for (int i = 0; i < 2; i++) {
        if (i < plan.nin)
            trace_add(t, dx[i], rows * cols);
        if (grad[i])
            trace_add(t, grad[i], fell_size(&shape[i]));
        free(tensor[i]), free(grad[i]), free(dx[i]);
    }
    free(c.saved);
    plugin_close(&p);
    free(x), free(y), free(dy);
}

Test(plugin_bits, activations)
{
    static const char *const names[] = {
        "identity",     "relu",        "relu6",     "elu",         "celu",        "selu",
        "gelu",         "silu",        "mish",      "softplus",    "softsign",    "sigmoid",
        "hard_sigmoid", "hard_swish",  "hard_tanh", "tanh",        "tanh_shrink", "soft_shrink",
        "hard_shrink",  "log_sigmoid", "softmax",   "log_softmax", "sine"};

    for (size_t i = 0; i < COUNT(names); i++)
        assert_same_bits(trace_activation, names[i], "");
    assert_same_bits(trace_activation, "leaky_relu", "{negative_slope: 0.3}");
    assert_same_bits(trace_activation, "gelu", "{approximate: tanh}");
    assert_same_bits(trace_activation, "celu", "{alpha: 0.3}");
    assert_same_bits(trace_activation, "softplus", "{beta: 3, threshold: 2}");
}

Test(plugin_bits, losses)
{
    static const char *const names[] = {"mse",      "mae",           "huber",         "smooth_l1",
                                        "log_cosh", "nll",           "bce",           "focal",
                                        "hinge",    "squared_hinge", "kl_divergence", "poisson_nll"};

    for (size_t i = 0; i < COUNT(names); i++)
        assert_same_bits(trace_loss, names[i], "");
    assert_same_bits(trace_loss, "focal", "{gamma: 0.5, alpha: -1}");
    assert_same_bits(trace_loss, "poisson_nll", "{full: true}");
    assert_same_bits(trace_loss, "cross_entropy", "");
    assert_same_bits(trace_loss, "cross_entropy", "{label_smoothing: 0.2}");
    assert_same_bits(trace_loss, "bce_with_logits", "{pos_weight: 2.5}");
}

Test(plugin_bits, layers)
{
    assert_same_bits(trace_layer, "dense", "{units: 1}");
    assert_same_bits(trace_layer, "dense", "{units: 77}");
    assert_same_bits(trace_layer, "dense", "{units: 64, bias: false}");
    assert_same_bits(trace_layer, "dropout", "{rate: 0.3}");
    assert_same_bits(trace_layer, "flatten", "");
    assert_same_bits(trace_layer, "add", "");
    assert_same_bits(trace_layer, "concat", "");
}

/* ---- gradients against central differences ----------------------------------------------- */

enum { ROWS = 4, COLS = 6, SIZE = ROWS * COLS };

static const float step = 1.0f / 128;

/* The derivative of F at X[I], by two calls. */
static double slope_at(double (*f)(void *arg), void *arg, float *x)
{
    const float before = *x;
    double up, down;

    *x = before + step;
    up = f(arg);
    *x = before - step;
    down = f(arg);
    *x = before;
    return (up - down) / (2.0 * (double)step);
}

/* x[SIZE], none of it nearer to 0 than two steps: relu has a kink there. */
static float *away_from_zero(uint64_t seed)
{
    float *x = floats_normal(SIZE, 1.5f, seed);

    for (int i = 0; i < SIZE; i++)
        x[i] += x[i] < 0.0f ? -2.0f * step : 2.0f * step;
    return x;
}

struct activation_case {
    struct plugin p;
    fell_activation_call c;
    float *weight; /* of each output in the number that is derived */
};

static double activation_value(void *arg)
{
    struct activation_case *a = arg;
    double sum = 0.0;

    plugin_ok(&a->p, a->p.item->activation->forward(&a->c));
    for (int i = 0; i < SIZE; i++)
        sum += (double)a->weight[i] * (double)a->c.y[i];
    return sum;
}

Test(plugin_gradients, activations)
{
    static const char *const names[] = {
        "identity",    "relu",         "relu6",       "leaky_relu", "elu",         "celu",
        "selu",        "gelu",         "silu",        "mish",       "softplus",    "softsign",
        "sigmoid",     "hard_sigmoid", "hard_swish",  "hard_tanh",  "tanh",        "tanh_shrink",
        "soft_shrink", "hard_shrink",  "log_sigmoid", "softmax",    "log_softmax", "sine"};

    for (size_t k = 0; k < COUNT(names); k++) {
        float *x = away_from_zero(20 + k), *y = floats_of(SIZE, NAN), *dx = floats_of(SIZE, NAN);
        struct activation_case a = {.weight = floats_normal(SIZE, 1.0f, 30)};
        double want[SIZE];

        plugin_open(&a.p, ROLE_ACTIVATION, names[k], "", next_level(-1));
        a.c = (fell_activation_call){&a.p.in.ctx, a.p.settings, ROWS, COLS, x, y, a.weight, dx};
        for (int i = 0; i < SIZE; i++)
            want[i] = slope_at(activation_value, &a, &x[i]);
        activation_value(&a);
        plugin_ok(&a.p, a.p.item->activation->backward(&a.c));
        assert_near(names[k], dx, want, SIZE, 1e-3);
        plugin_close(&a.p);
        free(x), free(y), free(dx), free(a.weight);
    }
}

struct loss_case {
    struct plugin p;
    fell_loss_call c;
};

static double loss_value(void *arg)
{
    struct loss_case *l = arg;

    l->c.sum = 0.0;
    l->c.weight = ROWS;
    plugin_ok(&l->p, l->p.item->loss->eval(&l->c));
    return l->c.sum;
}

Test(plugin_gradients, losses)
{
    static const char *const cases[][2] = {
        {"mse", ""},
        {"cross_entropy", ""},
        {"cross_entropy", "{label_smoothing: 0.3, class_weights: [1, 2, 0.5, 0.25, 3, 1]}"},
        {"bce_with_logits", "{pos_weight: 0.3}"},
        {"mae", ""},
        {"huber", "{delta: 0.7}"},
        {"smooth_l1", "{beta: 0.4}"},
        {"smooth_l1", "{beta: 0}"},
        {"log_cosh", ""},
        {"nll", "{class_weights: [1, 2, 0.5, 0.25, 3, 1]}"},
        {"bce", ""},
        {"focal", ""},
        {"focal", "{gamma: 0.7, alpha: -1}"},
        {"focal", "{gamma: 0, alpha: 0.9}"},
        {"hinge", ""},
        {"squared_hinge", ""},
        {"kl_divergence", ""},
        {"kl_divergence", "{log_target: true}"},
        {"poisson_nll", ""},
        {"poisson_nll", "{full: true}"},
    };

    for (size_t k = 0; k < COUNT(cases); k++) {
        float *pred = away_from_zero(40 + k), *target = floats_normal(SIZE, 1.0f, 50);
        float *dpred = floats_of(SIZE, NAN);
        static const int32_t label[ROWS] = {5, 0, 2, 2};
        struct loss_case l;
        double want[SIZE];

        plugin_open(&l.p, ROLE_LOSS, cases[k][0], cases[k][1], next_level(-1));
        suit(l.p.item->loss, pred, SIZE);
        for (int i = 0; i < SIZE && l.p.item->loss->expects != FELL_REAL; i++)
            target[i] = 1.0f / (1.0f + target[i] * target[i]);
        l.c = (fell_loss_call){.ctx = &l.p.in.ctx,
                               .settings = l.p.settings,
                               .rows = ROWS,
                               .cols = COLS,
                               .pred = pred,
                               .target = target,
                               .label = label,
                               .dpred = dpred};
        for (int i = 0; i < SIZE; i++)
            want[i] = slope_at(loss_value, &l, &pred[i]);
        loss_value(&l);
        assert_near(cases[k][0], dpred, want, SIZE, 1e-3);
        plugin_close(&l.p);
        free(pred), free(target), free(dpred);
    }
}

/* A dense layer over ROWS sequences of one step, as [1,COLS], or over vectors. */
struct dense_case {
    struct plugin p;
    fell_plan plan;
    fell_layer_call c;
    float *weight;
    int64_t n;
};

static double dense_value(void *arg)
{
    struct dense_case *d = arg;
    double sum = 0.0;

    plugin_ok(&d->p, d->p.item->layer->forward(&d->c));
    for (int64_t i = 0; i < d->n; i++)
        sum += (double)d->weight[i] * (double)d->c.y[i];
    return sum;
}

static void check_dense_gradient(fell_shape in, int64_t batch, fell_shape out, fell_shape weight)
{
    const int64_t n = batch * fell_size(&in);
    float *x = floats_normal(n, 1.0f, 60), *dx = floats_of(n, NAN), *tensor[2], *grad[2];
    const float *inputs[1] = {x};
    fell_shape shape[2];
    struct dense_case d;
    double want[256];

    plugin_open(&d.p, ROLE_MODEL_ENTRY, "dense", "{units: 3}", next_level(-1));
    d.plan = (fell_plan){.ctx = &d.p.in.ctx,
                         .settings = d.p.settings,
                         .nin = 1,
                         .max_batch = batch,
                         .in = &in,
                         .tensor = shape};
    plugin_ok(&d.p, d.p.item->layer->plan(&d.plan));
    cr_assert(!memcmp(&d.plan.out, &out, sizeof out), "output shape");
    cr_assert(!memcmp(&shape[0], &weight, sizeof weight), "weight shape");
    d.n = batch * fell_size(&out);
    d.weight = floats_normal(d.n, 1.0f, 61);
    for (int i = 0; i < 2; i++) {
        tensor[i] = floats_normal(fell_size(&shape[i]), 1.0f, 62);
        grad[i] = floats_of(fell_size(&shape[i]), 0.0f);
    }
    d.c = (fell_layer_call){.ctx = &d.p.in.ctx,
                            .settings = d.p.settings,
                            .plan = &d.plan,
                            .batch = batch,
                            .training = 1,
                            .x = inputs,
                            .y = floats_of(d.n, NAN),
                            .dy = d.weight,
                            .dx = (float *const[]){dx},
                            .tensor = tensor,
                            .grad = grad};
    plugin_ok(&d.p, d.p.item->layer->backward(&d.c));
    for (int64_t i = 0; i < n; i++)
        want[i] = slope_at(dense_value, &d, &x[i]);
    assert_near("dense dx", dx, want, n, 1e-3);
    for (int k = 0; k < 2; k++) {
        for (int64_t i = 0; i < fell_size(&shape[k]); i++)
            want[i] = slope_at(dense_value, &d, &tensor[k][i]);
        assert_near(k ? "dense bias" : "dense weight", grad[k], want, fell_size(&shape[k]), 1e-3);
    }
    for (int k = 0; k < 2; k++) { /* frozen, and first of the net: nothing is touched */
        free(grad[k]);
        grad[k] = NULL;
        free(tensor[k]);
    }
    d.c.dx = (float *const[]){NULL};
    plugin_ok(&d.p, d.p.item->layer->backward(&d.c));
    plugin_close(&d.p);
    free(x), free(dx), free(d.c.y), free(d.weight);
}

Test(plugin_gradients, dense)
{
    const fell_shape image = {3, {2, 3, 2, 0}};

    check_dense_gradient(fell_vec(7), 5, fell_vec(3), fell_mat(3, 7));
    check_dense_gradient(fell_mat(4, 5), 3, fell_mat(4, 3), fell_mat(3, 5)); /* each step of a sequence */
    check_dense_gradient(image, 4, fell_vec(3), fell_mat(3, 12));            /* flattened */
}

/* Sums over the batch at a width of several vectors and a rest, against double. */
Test(plugin_gradients, wide_dense)
{
    enum { BATCH = 9, IN = 5, OUT = 149 };
    float *x = floats_normal(BATCH * IN, 1.0f, 70), *dy = floats_normal(BATCH * OUT, 1.0f, 71);
    float *y = floats_of(BATCH * OUT, NAN), *w = floats_normal(IN * OUT, 1.0f, 72),
          *b = floats_normal(OUT, 1.0f, 73);
    float *db = floats_of(OUT, 0.0f), *tensor[2] = {w, b}, *grad[2] = {NULL, db};
    fell_shape in = fell_vec(IN), shape[2];
    double want[BATCH * OUT];

    EACH_LEVEL(level)
    {
        struct plugin p;
        fell_plan plan;
        fell_layer_call c;

        plugin_open(&p, ROLE_MODEL_ENTRY, "dense", "{units: 149}", level);
        plan = (fell_plan){.ctx = &p.in.ctx,
                           .settings = p.settings,
                           .nin = 1,
                           .max_batch = BATCH,
                           .in = &in,
                           .tensor = shape};
        plugin_ok(&p, p.item->layer->plan(&plan));
        c = (fell_layer_call){.ctx = &p.in.ctx,
                              .settings = p.settings,
                              .plan = &plan,
                              .batch = BATCH,
                              .training = 1,
                              .x = (const float *const[]){x},
                              .y = y,
                              .dy = dy,
                              .dx = (float *const[]){NULL},
                              .tensor = tensor,
                              .grad = grad};
        plugin_ok(&p, p.item->layer->forward(&c));
        for (int i = 0; i < BATCH * OUT; i++) {
            want[i] = (double)b[i % OUT];
            for (int k = 0; k < IN; k++)
                want[i] += (double)x[i / OUT * IN + k] * (double)w[i % OUT * IN + k];
        }
        assert_near("y", y, want, BATCH * OUT, 1e-6);
        plugin_ok(&p, p.item->layer->backward(&c));
        for (int j = 0; j < OUT; j++) {
            want[j] = 0.0;
            for (int i = 0; i < BATCH; i++)
                want[j] += (double)dy[i * OUT + j];
        }
        assert_near("db", db, want, OUT, 1e-6);
        memset(db, 0, OUT * sizeof *db);
        plugin_close(&p);
    }
    free(x), free(dy), free(y), free(w), free(b), free(db);
}
