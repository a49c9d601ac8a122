/* test_more_layers.c - the layers that normalise, those that recur, embedding, multiply, noise, prelu and
 * reshape: gradients against central differences, the same bits at every SIMD level, and what they refuse.
 */
#include "plugin_help.h"

enum { INPUTS = 3, MAX_TENSORS = 16, LARGEST = 4096 };

/* A layer with its buffers; its inputs are normal numbers, or whole ones below INDICES. */
struct layer {
    struct plugin p;
    fell_plan plan;
    fell_layer_call c;
    fell_shape in[INPUTS], shape[MAX_TENSORS];
    const float *inputs[INPUTS];
    float *x[INPUTS], *dx[INPUTS], *tensor[MAX_TENSORS], *grad[MAX_TENSORS], *y, *dy;
    int64_t n; /* outputs */
};

static void layer_make(struct layer *l, const char *name, const char *settings, fell_shape in, int64_t batch,
                       int64_t nin, enum simd_level level)
{
    const fell_layer *layer;

    *l = (struct layer){0};
    plugin_open(&l->p, ROLE_MODEL_ENTRY, name, settings, level);
    layer = l->p.item->layer;
    for (int64_t i = 0; i < nin; i++)
        l->in[i] = in;
    l->plan = (fell_plan){.ctx = &l->p.in.ctx,
                          .settings = l->p.settings,
                          .nin = nin,
                          .max_batch = batch,
                          .in = l->in,
                          .tensor = l->shape};
    plugin_ok(&l->p, layer->plan(&l->plan));
    for (int64_t i = 0; i < nin; i++) {
        const int64_t n = batch * fell_size(&in);

        l->inputs[i] = l->x[i] = floats_normal(n, 1.0f, 100 + (uint64_t)i);
        l->dx[i] = floats_of(n, NAN);
        for (int64_t j = 0; j < n; j++)
            if (l->plan.indices)
                l->x[i][j] = (float)(j * 7 % l->plan.indices);
            else
                l->x[i][j] += l->x[i][j] < 0.0f ? -0.05f : 0.05f; /* prelu has a kink at 0 */
    }
    for (uint64_t i = 0; i < layer->ntensors; i++) {
        const int64_t n = fell_size(&l->shape[i]);

        if (!n)
            continue;
        l->tensor[i] =
            layer->tensors[i].role == FELL_STATE ? floats_of(n, 1.0f) : floats_normal(n, 1.0f, 110 + i);
        l->grad[i] = layer->tensors[i].role == FELL_STATE ? NULL : floats_of(n, 0.0f);
    }
    l->n = batch * fell_size(&l->plan.out);
    l->y = floats_of(l->n, NAN);
    l->dy = floats_normal(l->n, 1.0f, 120);
    l->c = (fell_layer_call){.ctx = &l->p.in.ctx,
                             .settings = l->p.settings,
                             .plan = &l->plan,
                             .batch = batch,
                             .training = 1,
                             .x = l->inputs,
                             .y = l->y,
                             .dy = l->dy,
                             .dx = l->dx,
                             .tensor = l->tensor,
                             .grad = l->grad,
                             .saved = mem_try_aligned((size_t)l->plan.saved_bytes + 1, 1)};
}

static void layer_release(struct layer *l)
{
    for (int i = 0; i < INPUTS; i++)
        free(l->x[i]), free(l->dx[i]);
    for (int i = 0; i < MAX_TENSORS; i++)
        free(l->tensor[i]), free(l->grad[i]);
    free(l->y), free(l->dy), free(l->c.saved);
    plugin_close(&l->p);
}

/* The number whose derivative is sought: the outputs, weighed by dy. */
static double layer_value(struct layer *l)
{
    double sum = 0.0;

    plugin_ok(&l->p, l->p.item->layer->forward(&l->c));
    for (int64_t i = 0; i < l->n; i++)
        sum += (double)l->dy[i] * (double)l->y[i];
    return sum;
}

static void expect_slopes(struct layer *l, const char *what, float *at, const float *got, int64_t n)
{
    const float step = 1.0f / 128;
    double want[LARGEST];

    cr_assert_leq(n, LARGEST);
    for (int64_t i = 0; i < n; i++) {
        const float before = at[i];
        double up, down;

        at[i] = before + step;
        up = layer_value(l);
        at[i] = before - step;
        down = layer_value(l);
        at[i] = before;
        want[i] = (up - down) / (2.0 * (double)step);
    }
    assert_near(what, got, want, n, 2e-3);
}

/* Of every input and every trained tensor, in training and in evaluation. */
static void check_gradients(const char *name, const char *settings, fell_shape in, int64_t batch, int64_t nin)
{
    for (uint64_t training = 0; training < 2; training++) {
        struct layer l;

        layer_make(&l, name, settings, in, batch, nin, next_level(-1));
        l.c.training = training;
        layer_value(&l);
        plugin_ok(&l.p, l.p.item->layer->backward(&l.c));
        free(l.c.saved);
        l.c.saved = NULL; /* as where no backward follows */
        for (int64_t i = 0; i < nin && !l.plan.indices; i++)
            expect_slopes(&l, name, l.x[i], l.dx[i], batch * fell_size(&in));
        for (int i = 0; i < MAX_TENSORS; i++)
            if (l.grad[i] && training)
                expect_slopes(&l, name, l.tensor[i], l.grad[i], fell_size(&l.shape[i]));
        layer_release(&l);
    }
}

static void assert_same(const char *name, const float *a, const float *b, int64_t n)
{
    cr_assert(!n || !memcmp(a, b, (size_t)n * sizeof *a), "%s: other bits at another SIMD level", name);
}

static void check_bits(const char *name, const char *settings, fell_shape in, int64_t batch, int64_t nin)
{
    struct layer first;

    layer_make(&first, name, settings, in, batch, nin, SIMD_PORTABLE);
    layer_value(&first);
    plugin_ok(&first.p, first.p.item->layer->backward(&first.c));
    EACH_LEVEL(level)
    {
        struct layer l;

        layer_make(&l, name, settings, in, batch, nin, level);
        layer_value(&l);
        plugin_ok(&l.p, l.p.item->layer->backward(&l.c));
        assert_same(name, l.y, first.y, l.n);
        for (int64_t i = 0; i < nin && !l.plan.indices; i++)
            assert_same(name, l.dx[i], first.dx[i], batch * fell_size(&in));
        for (int i = 0; i < MAX_TENSORS; i++) {
            assert_same(name, l.tensor[i], first.tensor[i], fell_size(&l.shape[i]));
            if (l.grad[i])
                assert_same(name, l.grad[i], first.grad[i], fell_size(&l.shape[i]));
        }
        layer_release(&l);
    }
    layer_release(&first);
}

static const struct layer_case {
    const char *name, *settings;
    fell_shape in;
    int64_t batch, nin;
} cases[] = {
    {"batch_norm", "", {1, {7}}, 5, 1},
    {"batch_norm", "{affine: false, epsilon: 0.1}", {1, {37}}, 6, 1},
    {"batch_norm", "{momentum: 1}", {3, {3, 4, 5}}, 3, 1},
    {"batch_norm", "", {2, {4, 19}}, 1, 1},
    {"layer_norm", "", {1, {11}}, 4, 1},
    {"layer_norm", "{elementwise_affine: false}", {2, {3, 17}}, 2, 1},
    {"layer_norm", "{normalized_shape: [3, 5], epsilon: 1e-2}", {3, {2, 3, 5}}, 3, 1},
    {"group_norm", "{num_groups: 2}", {3, {4, 3, 3}}, 3, 1},
    {"group_norm", "{num_groups: 3, affine: false}", {1, {9}}, 4, 1},
    {"group_norm", "{num_groups: 1}", {2, {2, 21}}, 2, 1},
    {"prelu", "", {1, {13}}, 4, 1},
    {"prelu", "{shared: false}", {1, {21}}, 3, 1},
    {"prelu", "{shared: false}", {3, {2, 3, 7}}, 3, 1},
    {"multiply", "", {1, {19}}, 3, 2},
    {"multiply", "", {2, {3, 5}}, 2, 3},
    {"reshape", "{shape: [4, -1]}", {1, {12}}, 3, 1},
    {"rnn", "{units: 5}", {2, {4, 3}}, 3, 1},
    {"rnn", "{units: 3, return_sequences: true, bias: false}", {2, {3, 4}}, 2, 1},
    {"gru", "{units: 4}", {2, {5, 3}}, 2, 1},
    {"gru", "{units: 19, return_sequences: true, bias: false}", {2, {2, 3}}, 2, 1},
    {"lstm", "{units: 4}", {2, {5, 3}}, 2, 1},
    {"lstm", "{units: 18, return_sequences: true, bias: false}", {2, {2, 3}}, 3, 1},
    {"lstm", "{units: 2}", {2, {1, 2}}, 1, 1},
    {"embedding", "{num_embeddings: 5, embedding_dim: 3}", {1, {4}}, 3, 1},
    {"embedding", "{num_embeddings: 6, embedding_dim: 19}", {2, {2, 3}}, 2, 1},
};

Test(more_layers, gradients)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        check_gradients(cases[i].name, cases[i].settings, cases[i].in, cases[i].batch, cases[i].nin);
}

Test(more_layers, bits)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        check_bits(cases[i].name, cases[i].settings, cases[i].in, cases[i].batch, cases[i].nin);
    check_bits("batch_norm", "", (fell_shape){3, {3, 30, 31}}, 4, 1);
    check_bits("layer_norm", "", (fell_shape){1, {777}}, 4, 1);
    check_bits("rnn", "{units: 37, nonlinearity: relu}", (fell_shape){2, {4, 5}}, 3, 1);
    check_bits("noise", "{stddev: 0.5}", (fell_shape){1, {999}}, 4, 1);
}

/* What a mean far from zero must not cost: the deviations of 1000 +- 0.01. */
Test(more_layers, means_far_from_zero)
{
    static const char *const names[][2] = {
        {"batch_norm", ""}, {"layer_norm", ""}, {"group_norm", "{num_groups: 1}"}};

    for (size_t k = 0; k < COUNT(names); k++) {
        struct layer l;
        double square = 0.0;

        layer_make(&l, names[k][0], names[k][1], (fell_shape){1, {64}}, 64, 1, next_level(-1));
        for (int64_t i = 0; i < l.n; i++)
            l.x[0][i] = 1000.0f + 0.5f * l.x[0][i];
        for (int i = 0; i < 64; i++)
            l.tensor[0][i] = 1.0f, l.tensor[1][i] = 0.0f;
        layer_value(&l);
        for (int64_t i = 0; i < l.n; i++)
            square += (double)(l.y[i] * l.y[i]);
        cr_expect_float_eq(square / (double)l.n, 1.0, 1e-3, "%s: %g", names[k][0], square / (double)l.n);
        layer_release(&l);
    }
}

Test(more_layers, running_averages)
{
    struct layer l;

    layer_make(&l, "batch_norm", "{momentum: 0.25}", (fell_shape){1, {1}}, 2, 1, next_level(-1));
    l.x[0][0] = 3.0f;
    l.x[0][1] = 7.0f; /* mean 5, sample variance 8 */
    l.tensor[2][0] = 1.0f;
    layer_value(&l);
    cr_expect_float_eq((double)l.tensor[2][0], 0.75 * 1.0 + 0.25 * 5.0, 1e-6);
    cr_expect_float_eq((double)l.tensor[3][0], 0.75 * 1.0 + 0.25 * 8.0, 1e-6);
    l.c.training = 0;
    layer_value(&l);
    cr_expect_float_eq((double)l.tensor[2][0], 2.0, 1e-6, "evaluation changes nothing");
    l.c.training = 1;
    l.c.batch = 1;
    plugin_fails(&l.p, l.p.item->layer->forward(&l.c),
                 "a batch of one row has no variance; choose a batch_size that leaves no row alone");
    layer_release(&l);
}

Test(more_layers, noise)
{
    struct layer l;
    double sum = 0.0, square = 0.0;

    layer_make(&l, "noise", "{stddev: 0.5}", (fell_shape){1, {1000}}, 100, 1, next_level(-1));
    layer_value(&l);
    for (int64_t i = 0; i < l.n; i++) {
        const double d = (double)(l.y[i] - l.x[0][i]);

        sum += d;
        square += d * d;
    }
    cr_expect_float_eq(sum / (double)l.n, 0.0, 0.007); /* four standard errors */
    cr_expect_float_eq(sqrt(square / (double)l.n), 0.5, 0.005);
    plugin_ok(&l.p, l.p.item->layer->backward(&l.c));
    cr_expect(!memcmp(l.dx[0], l.dy, (size_t)l.n * sizeof *l.dy));
    l.c.training = 0;
    layer_value(&l);
    cr_expect(!memcmp(l.y, l.x[0], (size_t)l.n * sizeof *l.y));
    layer_release(&l);
}

Test(more_layers, what_is_refused)
{
    static const struct {
        const char *name, *settings;
        fell_shape a, b;
        const char *message;
    } wrong[] = {
        {"group_norm",
         "{num_groups: 3}",
         {3, {4, 2, 2}},
         {0},
         "num_groups: 3 groups do not divide 4 channels"},
        {"layer_norm",
         "{normalized_shape: [2, 3]}",
         {1, {3}},
         {0},
         "normalized_shape: 2 dimensions, but the input has 1"},
        {"layer_norm",
         "{normalized_shape: [4]}",
         {2, {2, 3}},
         {0},
         "normalized_shape: 4 where the input has 3"},
        {"reshape", "{shape: [5]}", {1, {6}}, {0}, "shape: does not hold the 6 numbers of an input row"},
        {"reshape", "{shape: [4, -1]}", {1, {6}}, {0}, "shape: does not hold the 6 numbers of an input row"},
        {"reshape", "{shape: [-1, -1]}", {1, {6}}, {0}, "shape: only one dimension can be -1"},
        {"reshape", "{shape: [0, 6]}", {1, {6}}, {0}, "shape: a dimension of 0"},
        {"reshape",
         "{shape: [1, 1, 1, 1, 6]}",
         {1, {6}},
         {0},
         "shape: 5 dimensions; one to four are possible"},
        {"reshape",
         "{shape: [16777216, 16777216, 16777216, 16777216]}",
         {1, {6}},
         {0},
         "shape: does not hold the 6 numbers of an input row"},
        {"embedding",
         "{num_embeddings: 3, embedding_dim: 2}",
         {4, {1, 1, 1, 2}},
         {0},
         "takes rows of up to three dimensions; its input has four"},
        {"lstm", "{units: 3}", {1, {5}}, {0}, "takes sequences [steps, inputs]; its input has 1 dimension"},
        {"rnn",
         "{units: 3}",
         {3, {1, 5, 5}},
         {0},
         "takes sequences [steps, inputs]; its input has 3 dimensions"},
        {"multiply", "", {1, {3}}, {1, {4}}, "input 2 has another shape than input 1; they must be equal"},
    };

    for (size_t i = 0; i < COUNT(wrong); i++) {
        fell_shape in[2] = {wrong[i].a, wrong[i].b}, shape[MAX_TENSORS] = {{0}};
        struct plugin p;
        fell_plan plan;

        plugin_open(&p, ROLE_MODEL_ENTRY, wrong[i].name, wrong[i].settings, SIMD_PORTABLE);
        plan = (fell_plan){.ctx = &p.in.ctx,
                           .settings = p.settings,
                           .nin = wrong[i].b.rank ? 2 : 1,
                           .max_batch = 2,
                           .in = in,
                           .tensor = shape};
        plugin_fails(&p, p.item->layer->plan(&plan), wrong[i].message);
        plugin_close(&p);
    }
}
