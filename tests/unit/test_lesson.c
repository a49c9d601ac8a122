/* test_lesson.c - the numbers of `fell explain` against computations that share nothing with the
 * engine: every gradient of dense nets by finite differences of a forward pass in double that is written
 * here, and PyTorch's gradients (tests/reference/explain/gradients.json). That a recorded run has the same
 * numbers is tests/cli/explain.sh's.
 */
#include "engine_fixture.h"

#include <cjson/cJSON.h>

#include "explain/lesson.h"
#include "trials/experiment.h"

/* A lesson with all that it needs. */
struct taught {
    struct registry *registry;
    struct diag *diag;
    struct experiment *experiment;
    struct host_env env;
    struct data *data;
    struct lesson *lesson;
};

static const char *source_folder(void)
{
    const char *folder = getenv("srcdir");

    return folder ? folder : ".";
}

static void teach(struct taught *t, const char *folder, const char *name, int64_t row, int64_t epoch)
{
    char *path = mem_format("%s/%s/%s.yaml", source_folder(), folder, name);
    struct lesson_request request = {.sample = row, .epoch = epoch, .env = &t->env};
    enum simd_level level;
    struct problem p;
    struct error err;

    *t = (struct taught){.registry = registry_new(), .diag = diag_new()};
    t->experiment = experiment_load(t->registry, path, 0, NULL, t->diag);
    if (!t->experiment)
        diag_print(t->diag, stderr, false);
    cr_assert_not_null(t->experiment);
    cr_assert_eq(simd_choose(NULL, &level, &err), OK);
    t->env = (struct host_env){.kernels = kernels_get(level), .registry = t->registry};
    cr_assert_eq(data_load(t->experiment->first, &t->env, &t->data, &p), OK, "%s", p.text);
    request.spec = t->experiment->first;
    request.seed = t->experiment->seed;
    request.data = request.shown = t->data;
    cr_assert_eq(lesson_new(&request, &t->lesson, &err), OK, "%s", err.text);
    free(path);
}

static void taught_release(struct taught *t)
{
    lesson_free(t->lesson);
    data_free(t->data);
    experiment_free(t->experiment);
    diag_free(t->diag);
    registry_free(t->registry);
}

/* ---- finite differences in double ------------------------------------------------------------ */

enum { WIDEST = 64 };

static double activate(const char *name, double z)
{
    if (strcmp(name, "tanh") == 0)
        return tanh(z);
    if (strcmp(name, "relu") == 0)
        return z > 0.0 ? z : 0.0;
    if (strcmp(name, "sigmoid") == 0)
        return 1.0 / (1.0 + exp(-z));
    cr_assert_str_eq(name, "dropout"); /* in evaluation */
    return z;
}

/* Y [size] = W X + B. */
static void multiply(const struct lesson *l, const struct lesson_entry *e, double *const *w, double *y)
{
    const int64_t in = l->tensor[e->first].n / e->size;
    double z[WIDEST];

    for (int64_t j = 0; j < e->size; j++) {
        z[j] = w[e->first + 1][j];
        for (int64_t i = 0; i < in; i++)
            z[j] += w[e->first][j * in + i] * y[i];
    }
    memcpy(y, z, (size_t)e->size * sizeof *y);
}

/* The loss of the lesson's row with the tensors W, for nets without branches. */
static double loss_of(const struct lesson *l, double *const *w)
{
    const struct lesson_entry *last = &l->entry[l->nentries - 1];
    double y[WIDEST], sum = 0.0, high;

    memcpy(y, l->x, (size_t)l->data->x_size * sizeof *y);
    for (int i = 0; i < l->nentries; i++)
        if (l->entry[i].ntensors)
            multiply(l, &l->entry[i], w, y);
        else
            for (int64_t k = 0; k < l->entry[i].size; k++)
                y[k] = activate(l->entry[i].plugin, y[k]);
    if (!l->label) {
        for (int64_t k = 0; k < last->size; k++)
            sum += (y[k] - l->target[k]) * (y[k] - l->target[k]);
        return sum / (double)last->size;
    }
    high = y[0];
    for (int64_t k = 1; k < last->size; k++)
        high = fmax(high, y[k]);
    for (int64_t k = 0; k < last->size; k++)
        sum += exp(y[k] - high);
    return log(sum) + high - y[l->label[0]];
}

static void measure(const char *name, int64_t row, int64_t epoch)
{
    struct taught t;
    double *w[16], worst = 0.0;

    teach(&t, "configs", name, row, epoch);
    for (int i = 0; i < t.lesson->ntensors; i++) {
        w[i] = mem_array((size_t)t.lesson->tensor[i].n, sizeof **w);
        memcpy(w[i], t.lesson->tensor[i].w, (size_t)t.lesson->tensor[i].n * sizeof **w);
    }
    cr_expect(fabs(loss_of(t.lesson, w) - t.lesson->loss) <= 1e-5 * t.lesson->loss);
    for (int i = 0; i < t.lesson->ntensors; i++)
        for (int64_t k = 0; k < t.lesson->tensor[i].n; k++) {
            const double value = w[i][k], epsilon = 1e-5;
            double above, below;

            w[i][k] = value + epsilon;
            above = loss_of(t.lesson, w);
            w[i][k] = value - epsilon;
            below = loss_of(t.lesson, w);
            w[i][k] = value;
            worst = fmax(worst, fabs((above - below) / (2.0 * epsilon) - t.lesson->tensor[i].g[k]));
        }
    cr_expect(worst <= 1e-5 * t.lesson->gradient_norm, "%s: %g beside a norm of %g", name, worst,
              t.lesson->gradient_norm);
    for (int i = 0; i < t.lesson->ntensors; i++)
        free(w[i]);
    taught_release(&t);
}

Test(lesson, finite_differences)
{
    measure("xor", 1, 0);
    measure("xor", 2, 30);
    measure("iris", 70, 3);
    measure("cat-or-dog", 0, 0);
    measure("digits", 5, 0);
}

/* ---- PyTorch ------------------------------------------------------------------------------ */

static void near(const char *what, double value, double expected, double size)
{
    cr_expect(fabs(value - expected) <= 1e-5 * size, "%s: %.9g, expected %.9g", what, value, expected);
}

static void compare_tensor(const struct lesson *l, const struct lesson_tensor *t, const cJSON *tensors)
{
    char *label = mem_format("%s.%s", l->entry[t->entry].name, t->name);
    const cJSON *expected = cJSON_GetObjectItem(tensors, label), *first;

    cr_assert_not_null(expected, "%s", label);
    first = cJSON_GetObjectItem(expected, "first");
    near(label, t->norm, cJSON_GetObjectItem(expected, "norm")->valuedouble, t->norm);
    for (int i = 0; i < cJSON_GetArraySize(first); i++)
        near(label, t->g[i], cJSON_GetArrayItem(first, i)->valuedouble, t->norm);
    near(label, t->g[t->n - 1], cJSON_GetObjectItem(expected, "last")->valuedouble, t->norm);
    free(label);
}

static void compare(const cJSON *expected)
{
    const char *name = cJSON_GetObjectItem(expected, "name")->valuestring;
    const cJSON *tensors = cJSON_GetObjectItem(expected, "tensors");
    struct taught t;
    int trained = 0;

    teach(&t, "tests/reference/trajectories", name, cJSON_GetObjectItem(expected, "row")->valueint, 0);
    near(name, t.lesson->loss, cJSON_GetObjectItem(expected, "loss")->valuedouble, t.lesson->loss);
    near(name, t.lesson->gradient_norm, cJSON_GetObjectItem(expected, "norm")->valuedouble,
         t.lesson->gradient_norm);
    for (int i = 0; i < t.lesson->ntensors; i++)
        if (t.lesson->tensor[i].trained) {
            compare_tensor(t.lesson, &t.lesson->tensor[i], tensors);
            trained++;
        }
    cr_expect_eq(trained, cJSON_GetArraySize(tensors));
    taught_release(&t);
}

Test(lesson, pytorch)
{
    char *path = mem_format("%s/tests/reference/explain/gradients.json", source_folder()), *text;
    struct error err;
    size_t len;
    cJSON *json;
    const cJSON *one;

    cr_assert_eq(file_read(path, &text, &len, &err), OK, "%s", err.text);
    json = cJSON_ParseWithLength(text, len);
    cr_assert_not_null(json);
    cr_assert_eq(cJSON_GetArraySize(cJSON_GetObjectItem(json, "cases")), 3);
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(json, "cases")) compare(one);
    cJSON_Delete(json);
    free(text);
    free(path);
}
