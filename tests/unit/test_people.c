/* test_people.c - tables with the dirt of well-known ones, prepared as scikit-learn prepares them: the
 * columns, and every number that the net would see. tests/reference/people/make.py says how the values were
 * made.
 */
#include <cjson/cJSON.h>

#include "engine_fixture.h"

#include "trials/experiment.h"

static double number_at(const cJSON *list, int64_t i)
{
    return cJSON_GetNumberValue(cJSON_GetArrayItem(list, (int)i));
}

/* The rows that are stored, one by one, and all of them in two sums for each column. */
static void check_split(const char *name, const struct data *d, enum split s, const cJSON *expected,
                        int64_t step)
{
    const struct rows *r = &d->split[s];
    const cJSON *every = cJSON_GetObjectItem(expected, "every"), *sum = cJSON_GetObjectItem(expected, "sum"),
                *weighted = cJSON_GetObjectItem(expected, "weighted");

    cr_assert_eq(r->n, cJSON_GetObjectItem(expected, "rows")->valueint);
    for (int64_t j = 0; j < d->x_size; j++) {
        double all = 0.0, some = 0.0;

        for (int64_t i = 0; i < r->n; i++) {
            const double v = (double)r->x[i * d->x_size + j];

            all += v;
            some += v * (double)(i % 7 + 1);
            if (i % step == 0)
                cr_expect(fabs(v - number_at(cJSON_GetArrayItem(every, (int)(i / step)), j)) <=
                              1e-6 * fmax(1.0, fabs(v)),
                          "%s: row %lld, column %lld is %.9g", name, (long long)i, (long long)j, v);
        }
        cr_expect_float_eq(all, number_at(sum, j), 1e-6 * (double)r->n, "%s: column %lld", name,
                           (long long)j);
        cr_expect_float_eq(some, number_at(weighted, j), 4e-6 * (double)r->n, "%s: column %lld", name,
                           (long long)j);
    }
}

static void check_table(const char *name)
{
    const char *source = getenv("srcdir") ? getenv("srcdir") : ".";
    char *yaml = mem_format("%s/tests/reference/people/%s.yaml", source, name);
    char *path = mem_format("%s/tests/reference/people/%s.json", source, name), *text;
    struct registry *registry = registry_new();
    struct host_env env = {.kernels = kernels_get(SIMD_PORTABLE), .registry = registry};
    struct diag *diag = diag_new();
    struct experiment *e = experiment_load(registry, yaml, 0, NULL, diag);
    cJSON *json, *splits;
    struct problem p;
    struct error err;
    struct data *d;
    size_t len;

    cr_assert_not_null(e);
    cr_assert_eq(file_read(path, &text, &len, &err), OK, "%s", err.text);
    json = cJSON_ParseWithLength(text, len);
    splits = cJSON_GetObjectItem(json, "splits");
    cr_assert_eq(data_load(e->first, &env, &d, &p), OK, "%s", p.text);
    cr_assert_eq(d->x_size, cJSON_GetArraySize(cJSON_GetObjectItem(json, "columns")));
    check_split(name, d, SPLIT_TRAIN, cJSON_GetObjectItem(splits, "train"),
                cJSON_GetObjectItem(json, "step")->valueint);
    check_split(name, d, SPLIT_VALIDATION, cJSON_GetObjectItem(splits, "validation"),
                cJSON_GetObjectItem(json, "step")->valueint);
    data_free(d);
    cJSON_Delete(json);
    free(text);
    experiment_free(e);
    diag_free(diag);
    registry_free(registry);
    free(path);
    free(yaml);
}

Test(people, penguins)
{
    check_table("penguins");
}

Test(people, titanic)
{
    check_table("titanic");
}

Test(people, adult)
{
    check_table("adult");
}

Test(people, diamonds)
{
    check_table("diamonds");
}
