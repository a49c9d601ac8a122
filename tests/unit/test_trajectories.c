/* test_trajectories.c - whole runs against PyTorch's: tests/reference/trajectories/NAME.yaml with its
 * data and initial weights must show, in every epoch, what NAME.json says.
 *
 * Within a thousandth of the larger of the value and 1e-4, for losses, rates and norms, in
 * all and of each tensor. The training rows are the test split as well, which shows loss and
 * accuracy after each epoch.
 */
#include "engine_fixture.h"

#include <cjson/cJSON.h>

#include "trials/experiment.h"

static const char *source_folder(void)
{
    const char *folder = getenv("srcdir");

    return folder ? folder : ".";
}

static cJSON *read_json(const char *path)
{
    struct error err;
    char *text;
    size_t len;
    cJSON *json;

    cr_assert_eq(file_read(path, &text, &len, &err), OK, "%s", err.text);
    json = cJSON_ParseWithLength(text, len);
    cr_assert_not_null(json);
    free(text);
    return json;
}

static void expect_near(const char *what, int64_t epoch, double value, const cJSON *object, const char *key)
{
    const cJSON *expected = cJSON_GetObjectItem(object, key);
    double wanted;

    cr_assert(cJSON_IsNumber(expected), "%s has no %s", what, key);
    wanted = expected->valuedouble;
    cr_expect(fabs(value - wanted) <= 1e-3 * fmax(fabs(wanted), 1e-4),
              "%s, epoch %lld, %s: %.9g, expected %.9g", what, (long long)epoch, key, value, wanted);
}

static void check_epoch(const char *name, const struct heard_epoch *e, const cJSON *expected,
                        char labels[][64])
{
    const cJSON *parameters = cJSON_GetObjectItem(expected, "parameters");

    expect_near(name, e->report.epoch, e->report.loss[SPLIT_TRAIN], expected, "train_loss");
    expect_near(name, e->report.epoch, e->report.lr, expected, "lr");
    expect_near(name, e->report.epoch, e->report.grad_norm_mean, expected, "grad_norm_mean");
    expect_near(name, e->report.epoch, e->report.grad_norm_max, expected, "grad_norm_max");
    expect_near(name, e->report.epoch, e->report.loss[SPLIT_TEST], expected, "loss_after_epoch");
    if (e->report.nmetrics)
        expect_near(name, e->report.epoch, e->metric[1], expected, "accuracy_after_epoch");
    cr_assert_eq((int)e->report.npositions, cJSON_GetArraySize(parameters));
    for (size_t i = 0; i < e->report.npositions; i++) {
        const cJSON *tensor = cJSON_GetObjectItem(parameters, labels[i]);

        cr_assert_not_null(tensor, "%s", labels[i]);
        expect_near(labels[i], e->report.epoch, e->mean[i], tensor, "grad_norm_mean");
        expect_near(labels[i], e->report.epoch, e->max[i], tensor, "grad_norm_max");
        expect_near(labels[i], e->report.epoch, e->weight[i], tensor, "weight_norm");
    }
}

/* hear_parameters(), and the tensors' names while the net lives. */
static char labels[HEARD_POSITIONS][64];

static void hear_labels(void *arg, const struct learner *learner)
{
    const struct net *net = learner->net;
    const struct net_tensor *t;
    const size_t n = net_tensors(net, &t);

    (void)arg;
    for (size_t i = 0; i < n; i++)
        if (t[i].position >= 0)
            snprintf(labels[t[i].position], sizeof labels[0], "%s.%s", net_entry_name(net, t[i].entry),
                     t[i].name);
}

static void follow(const char *name, enum simd_level level)
{
    char *spec_path = mem_format("%s/tests/reference/trajectories/%s.yaml", source_folder(), name);
    char *json_path = mem_format("%s/tests/reference/trajectories/%s.json", source_folder(), name);
    struct registry *registry = registry_new();
    struct host_env env = {.kernels = kernels_get(level), .registry = registry};
    struct diag *d = diag_new();
    struct experiment *e = experiment_load(registry, spec_path, 0, NULL, d);
    cJSON *json = read_json(json_path), *epochs = cJSON_GetObjectItem(json, "epochs");
    struct heard h = {0};
    const struct train_listener listener = {.arg = &h, .parameters = hear_labels, .epoch = hear_epoch};
    struct run_options options = {0};
    struct problem p;
    struct data *data;

    if (!e)
        diag_print(d, stderr, false);
    cr_assert_not_null(e);
    options.seed = e->seed;
    cr_assert_eq(data_load(e->first, &env, &data, &p), OK, "%s", p.text);
    data->split[SPLIT_TEST] = data->split[SPLIT_TRAIN];
    cr_assert_eq(train_run(e->first, data, &env, &options, &listener, &h.result, &p), OK, "%s", p.text);
    cr_expect_eq(h.result.end, RUN_FINISHED, "%s", h.result.error);
    cr_assert_eq((int)h.nepochs, cJSON_GetArraySize(epochs));
    for (size_t i = 0; i < h.nepochs; i++) {
        const cJSON *expected = cJSON_GetArrayItem(epochs, (int)i);

        cr_expect_eq(h.epoch[i].report.epoch, cJSON_GetObjectItem(expected, "epoch")->valueint);
        check_epoch(name, &h.epoch[i], expected, labels);
    }
    data->split[SPLIT_TEST] = (struct rows){0};
    heard_release(&h);
    data_free(data);
    cJSON_Delete(json);
    experiment_free(e);
    diag_free(d);
    registry_free(registry);
    free(spec_path);
    free(json_path);
}

static void follow_at_every_level(const char *name)
{
    for (enum simd_level level = SIMD_PORTABLE; level < SIMD_LEVELS; level++)
        if (simd_available(level))
            follow(name, level);
}

Test(trajectories, xor_sgd)
{
    follow_at_every_level("xor-sgd");
}

Test(trajectories, iris_adam)
{
    follow_at_every_level("iris-adam");
}

Test(trajectories, iris_batchnorm)
{
    follow_at_every_level("iris-batchnorm");
}

Test(trajectories, digits_cnn)
{
    follow_at_every_level("digits-cnn");
}

Test(trajectories, digits_nesterov)
{
    follow_at_every_level("digits-nesterov");
}

Test(trajectories, iris_lbfgs)
{
    follow_at_every_level("iris-lbfgs");
}

Test(trajectories, iris_wolfe)
{
    follow_at_every_level("iris-wolfe");
}

Test(trajectories, iris_plateau)
{
    follow_at_every_level("iris-plateau");
}

Test(trajectories, iris_one_cycle)
{
    follow_at_every_level("iris-one-cycle");
}

Test(trajectories, iris_warm_restarts)
{
    follow_at_every_level("iris-warm-restarts");
}

/* nn.Embedding of two columns of a table beside its prepared numbers. */
Test(trajectories, embed_columns)
{
    follow_at_every_level("embed-columns");
}

/* Attention, in the language model that the dataset text feeds; at the level that users have, since it is the
 * longest. */
Test(trajectories, lm_transformer)
{
    enum simd_level level;
    struct error err;

    cr_assert_eq(simd_choose(NULL, &level, &err), OK);
    follow("lm-transformer", level);
}
