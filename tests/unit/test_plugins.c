/* test_plugins.c - activations, losses and layers against PyTorch's
 * results (tests/reference), at every SIMD level. Plugins that are not
 * there yet are passed over, those that are promised must be.
 */
#include "plugin_help.h"

#define TOLERANCE 1e-5

/* What a test saw of the reference cases, so that none can pass by finding nothing. */
struct tally {
    char names[512];
    int cases;
};

static bool wanted(struct tally *t, enum role role, const cJSON *c)
{
    const char *name = reference_text(c, "name");

    if (!plugin_exists(role, name))
        return false;
    t->cases++;
    if (!strstr(t->names, name))
        snprintf(t->names + strlen(t->names), sizeof t->names - strlen(t->names), "%s ", name);
    return true;
}

static void assert_seen(const struct tally *t, int cases, const char *const *names)
{
    cr_assert_geq(t->cases, cases, "only %d cases: %s", t->cases, t->names);
    for (; *names; names++)
        cr_assert(strstr(t->names, *names), "no case of %s", *names);
}

/* ---- activations ------------------------------------------------------------------ */

static void check_activation(const cJSON *c, enum simd_level level)
{
    struct numbers x = reference_numbers(c, "x"), y = reference_numbers(c, "y");
    struct numbers dy = reference_numbers(c, "dy"), dx = reference_numbers(c, "dx");
    float *got = floats_of(x.n, NAN);
    char *options = reference_options(c);
    struct plugin p;
    fell_activation_call call;

    plugin_open(&p, ROLE_ACTIVATION, reference_text(c, "name"), options, level);
    call = (fell_activation_call){
        .ctx = &p.in.ctx, .settings = p.settings, .rows = x.dim[0], .cols = x.dim[1], .x = x.f, .y = got};
    plugin_ok(&p, p.item->activation->forward(&call));
    assert_near(p.item->name, got, y.d, y.n, TOLERANCE);
    call.dy = call.dx = dy.f; /* in place, as is allowed */
    plugin_ok(&p, p.item->activation->backward(&call));
    assert_near(p.item->name, dy.f, dx.d, dx.n, TOLERANCE);

    plugin_close(&p);
    free(options);
    free(got);
    numbers_release(&x), numbers_release(&y), numbers_release(&dy), numbers_release(&dx);
}

Test(plugins, activations)
{
    static const char *const names[] = {
        "identity",    "relu",         "relu6",       "leaky_relu", "elu",         "celu",
        "selu",        "gelu",         "silu",        "mish",       "softplus",    "softsign",
        "sigmoid",     "hard_sigmoid", "hard_swish",  "hard_tanh",  "tanh",        "tanh_shrink",
        "soft_shrink", "hard_shrink",  "log_sigmoid", "softmax",    "log_softmax", NULL};
    struct tally t = {0};
    cJSON *root, *cases = reference_read("activations.json", &root), *c;

    cJSON_ArrayForEach(c, cases) if (wanted(&t, ROLE_ACTIVATION, c)) EACH_LEVEL(level)
        check_activation(c, level);
    assert_seen(&t, 28, names);
    cJSON_Delete(root);
}

/* ---- losses -------------------------------------------------------------------------- */

static void check_loss(const cJSON *c, enum simd_level level)
{
    struct numbers pred = reference_numbers(c, "prediction"), target = reference_numbers(c, "target");
    struct numbers gradient = reference_numbers(c, "gradient");
    float *dpred = floats_of(pred.n, NAN);
    int32_t *label = mem_array((size_t)target.n, sizeof *label);
    char *options = reference_options(c);
    double loss = reference_number(c, "loss");
    struct plugin p;
    fell_loss_call call;

    plugin_open(&p, ROLE_LOSS, reference_text(c, "name"), options, level);
    for (int64_t i = 0; i < target.n; i++)
        label[i] = (int32_t)target.d[i];
    call = (fell_loss_call){.ctx = &p.in.ctx,
                            .settings = p.settings,
                            .rows = pred.dim[0],
                            .cols = pred.dim[1],
                            .pred = pred.f,
                            .weight = (double)pred.dim[0],
                            .dpred = dpred};
    if (p.item->loss->target == FELL_CLASSES)
        call.label = label;
    else
        call.target = target.f;
    plugin_ok(&p, p.item->loss->eval(&call));
    cr_assert_float_eq(call.sum / call.weight, loss, TOLERANCE * fabs(loss), "%s: %.9g, expected %.9g",
                       p.item->name, call.sum / call.weight, loss);
    for (int64_t i = 0; i < pred.n; i++)
        dpred[i] = (float)((double)dpred[i] / call.weight);
    assert_near(p.item->name, dpred, gradient.d, pred.n, TOLERANCE);

    plugin_close(&p);
    free(options), free(label), free(dpred);
    numbers_release(&pred), numbers_release(&target), numbers_release(&gradient);
}

Test(plugins, losses)
{
    static const char *const names[] = {
        "mse",           "mae",           "huber",         "smooth_l1",       "log_cosh",
        "cross_entropy", "nll",           "bce",           "bce_with_logits", "focal",
        "hinge",         "squared_hinge", "kl_divergence", "poisson_nll",     NULL};
    struct tally t = {0};
    cJSON *root, *cases = reference_read("losses.json", &root), *c;

    cJSON_ArrayForEach(c, cases) if (wanted(&t, ROLE_LOSS, c)) EACH_LEVEL(level) check_loss(c, level);
    assert_seen(&t, 20, names);
    cJSON_Delete(root);
}

/* ---- layers ------------------------------------------------------------------------------- */

enum { MAX_TENSORS = 16 };

/* The reference's value of a tensor where it gives one, under KEY. */
static const cJSON *tensor_of(const cJSON *c, const char *key, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(c, key), name);
}

static fell_shape row_shape(const struct numbers *x)
{
    fell_shape s = {x->rank - 1, {0}};

    for (int64_t d = 1; d < x->rank; d++)
        s.dim[d - 1] = x->dim[d];
    return s;
}

static void check_layer(const cJSON *c, enum simd_level level)
{
    struct numbers x = reference_numbers(c, "x"), y = reference_numbers(c, "y");
    struct numbers dy = reference_numbers(c, "dy"), dx = reference_numbers(c, "dx");
    const bool training = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c, "training"));
    float *got = floats_of(y.n, NAN), *dgot = floats_of(x.n, NAN);
    float *tensor[MAX_TENSORS] = {NULL}, *grad[MAX_TENSORS] = {NULL};
    fell_shape in = row_shape(&x), shape[MAX_TENSORS] = {{0}};
    char *options = reference_options(c);
    const float *inputs[1] = {x.f};
    struct plugin p;
    fell_plan plan;
    fell_layer_call call;

    plugin_open(&p, ROLE_MODEL_ENTRY, reference_text(c, "name"), options, level);
    plan = (fell_plan){.ctx = &p.in.ctx,
                       .settings = p.settings,
                       .nin = 1,
                       .max_batch = x.dim[0],
                       .in = &in,
                       .tensor = shape};
    plugin_ok(&p, p.item->layer->plan(&plan));
    cr_assert_eq(fell_size(&plan.out) * x.dim[0], y.n);
    for (uint64_t i = 0; i < p.item->layer->ntensors; i++) {
        const fell_tensor *t = &p.item->layer->tensors[i];
        const cJSON *before = tensor_of(c, "parameters_before", t->name);

        if (shape[i].rank == 0) {
            cr_assert(before == NULL, "%s.%s is not in use", p.item->name, t->name);
            continue;
        }
        tensor[i] = floats_of(fell_size(&shape[i]), 0.0f);
        grad[i] = t->role == FELL_STATE ? NULL : floats_of(fell_size(&shape[i]), 0.5f);
        if (before) {
            struct numbers v = numbers_of(before);

            cr_assert_eq(v.n, fell_size(&shape[i]));
            memcpy(tensor[i], v.f, (size_t)v.n * sizeof *v.f);
            numbers_release(&v);
        }
    }

    call = (fell_layer_call){.ctx = &p.in.ctx,
                             .settings = p.settings,
                             .plan = &plan,
                             .batch = x.dim[0],
                             .training = training,
                             .x = inputs,
                             .y = got,
                             .dy = dy.f,
                             .dx = (float *const[]){dgot},
                             .tensor = tensor,
                             .grad = grad,
                             .saved = mem_try_aligned((size_t)plan.saved_bytes + 1, 1)};
    plugin_ok(&p, p.item->layer->forward(&call));
    assert_near(p.item->name, got, y.d, y.n, TOLERANCE);
    plugin_ok(&p, p.item->layer->backward(&call));
    assert_near(p.item->name, dgot, dx.d, dx.n, TOLERANCE);
    for (uint64_t i = 0; i < p.item->layer->ntensors; i++) {
        const char *name = p.item->layer->tensors[i].name;
        const cJSON *gradient = tensor_of(c, "gradients", name), *state = tensor_of(c, "state_after", name);

        if (grad[i]) {
            struct numbers v = numbers_of(gradient);

            for (int64_t j = 0; j < v.n; j++)
                grad[i][j] -= 0.5f; /* gradients are added to what is there */
            assert_near(name, grad[i], v.d, v.n, TOLERANCE);
            numbers_release(&v);
        }
        if (state) {
            struct numbers v = numbers_of(state);

            assert_near(name, tensor[i], v.d, v.n, TOLERANCE);
            numbers_release(&v);
        }
        free(tensor[i]), free(grad[i]);
    }

    free(call.saved);
    plugin_close(&p);
    free(options), free(got), free(dgot);
    numbers_release(&x), numbers_release(&y), numbers_release(&dy), numbers_release(&dx);
}

Test(plugins, layers)
{
    static const char *const names[] = {
        "dense",      "conv2d",     "max_pool2d", "avg_pool2d", "global_avg_pool2d",
        "batch_norm", "layer_norm", "prelu",      "rnn",        "gru",
        "lstm",       NULL};
    struct tally t = {0};
    cJSON *root, *cases = reference_read("layers.json", &root), *c;

    cJSON_ArrayForEach(c, cases) if (wanted(&t, ROLE_MODEL_ENTRY, c)) EACH_LEVEL(level) check_layer(c, level);
    assert_seen(&t, 18, names);
    cJSON_Delete(root);
}
