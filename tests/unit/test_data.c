/* test_data.c - from the data section of a spec to rows: read, split, matched, transformed,
 * and every rule that a dataset or transform can break. Most of it with the plugin
 * tests/abi/wild_data.c, which is put beside copies of the bundled ones.
 */
#include <math.h>

#include "abi_help.h"
#include "data_job.h"
#include "engine/data.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Too much memory is NULL under the address sanitizer, too. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static struct registry *registry;
static struct host_env env;

static void setup(void)
{
    home_make("wild_data.c", "plugins/dataset/wild.so");
    registry = registry_new();
    env = (struct host_env){.kernels = kernels_get(SIMD_PORTABLE), .registry = registry};
}

static void teardown(void)
{
    registry_free(registry);
    scratch_remove();
}

TestSuite(data, .init = setup, .fini = teardown);

/* ---- specs from text ----------------------------------------------------------- */

/* DATA is the inside of the data section's map. File names in it are relative to the
 * scratch folder. */
static struct job parse(const char *data, const char *loss, int seed)
{
    return job_of_data(registry, scratch, data, loss, seed);
}

static struct job load(const char *data, const char *loss, int seed)
{
    return job_loaded(&env, scratch, data, loss, seed);
}

static struct job load_ok(const char *data, const char *loss, int seed)
{
    struct job j = load(data, loss, seed);

    expect_loaded(&j, data);
    return j;
}

/* DATA is refused: at this section, index and setting, with this text. */
static void expect_problem(const char *data, const char *loss, const char *section, int index,
                           const char *setting, const char *text)
{
    struct job j = load(data, loss, 1);

    cr_expect_eq(j.result, FAILED, "accepted: %s", data);
    cr_expect_null(j.data);
    cr_expect_str_eq(j.problem.section, section);
    cr_expect_eq(j.problem.index, index, "%s", data);
    cr_expect_str_eq(j.problem.setting, setting);
    cr_expect_str_eq(j.problem.text, text);
    release(&j);
}

/* ---- reading ------------------------------------------------------------------------ */

Test(data, rows_of_a_source)
{
    struct job j = load_ok("source: {wild: {rows: 7, cols: 3, names: letters}}", "cross_entropy", 1);
    const struct data *d = j.data;

    cr_expect_eq(d->split[SPLIT_TRAIN].n, 7);
    cr_expect_eq(d->source_rows, 7);
    cr_expect_eq(d->test_rows + d->validation_rows + d->split[SPLIT_TEST].n + d->split[SPLIT_VALIDATION].n,
                 0);
    cr_expect_eq(d->x.rank, 1);
    cr_expect_eq(d->x_size, 3);
    cr_expect_eq(d->target_size, 1);
    cr_expect(d->classes);
    cr_expect_eq(d->nclasses, 3);
    cr_expect_str_eq(d->class_names[2], "c");
    cr_expect_null(d->split[SPLIT_TRAIN].target);
    cr_expect_eq((uintptr_t)d->split[SPLIT_TRAIN].x % 64, 0);
    for (int i = 0; i < 7; i++) {
        cr_expect_eq(d->split[SPLIT_TRAIN].x[i * 3 + 1], (float)i + 0.5f);
        cr_expect_eq(d->split[SPLIT_TRAIN].label[i], i % 3);
    }
    release(&j);

    j = load_ok("source: {wild: {rows: 4, shape: [2, 1, 3]}}", "mse", 1);
    cr_expect_eq(j.data->x.rank, 3);
    cr_expect_eq(j.data->x_size, 6);
    cr_expect_not(j.data->classes);
    cr_expect_eq(j.data->nclasses, 0);
    cr_expect_null(j.data->class_names);
    cr_expect_null(j.data->split[SPLIT_TRAIN].label);
    cr_expect_eq(j.data->split[SPLIT_TRAIN].target[2], 2);
    release(&j);
}

Test(data, rules_that_a_dataset_breaks)
{
    static const struct {
        const char *wild, *loss, *setting, *text;
    } cases[] = {
        {"rows: 0", "mse", "", "wild: the source has no rows"},
        {"rows: -1", "mse", "", "wild: the source has no rows"},
        {"how: no_shape", "mse", "", "wild: the plugin gives rows of no sensible shape"},
        {"shape: [1, 1, 1, 1, 1]", "mse", "", "wild: the plugin gives rows of no sensible shape"},
        {"shape: [1000000, 1000000, 1000000, 1000000]", "mse", "",
         "wild: the plugin gives rows of no sensible shape"},
        {"how: values_anyway", "cross_entropy", "",
         "wild: the targets of the source are values, but the loss 'cross_entropy' takes classes"},
        {"how: neither", "mse", "", "wild: the plugin says neither values nor classes"},
        {"how: no_classes", "cross_entropy", "", "wild: the plugin says that there are 0 classes"},
        {"classes: 3000000000", "cross_entropy", "",
         "wild: the plugin says that there are 3000000000 classes"},
        {"names: no_name", "cross_entropy", "", "wild: the plugin gives class 1 no name"},
        {"how: label_high", "cross_entropy", "", "wild: the label of row 5 is 3, outside the classes 0 to 2"},
        {"how: label_low", "cross_entropy", "", "wild: the label of row 5 is -2, outside the classes 0 to 2"},
        {"how: nan_input", "mse", "", "wild: row 5, column 2 of the inputs is not a finite number (nan)"},
        {"how: inf_target", "mse", "", "wild: row 5, column 1 of the targets is not a finite number (-inf)"},
        {"how: open_fails", "mse", "rows", "wild.rows: 10 are not to be had"},
        {"how: read_fails", "mse", "", "wild: cannot be read"},
        {"how: huge", "mse", "", "wild: no memory for 1099511627776 rows of 1099511627777 numbers"},
        {"rows: 1000000000000, cols: 1000", "mse", "",
         "wild: no memory for 1000000000000 rows of 1001 numbers"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *source = mem_format("source: {wild: {%s}}", cases[i].wild);
        char *test = mem_format("source: wild, test: {wild: {%s}}", cases[i].wild);
        struct job j;

        expect_problem(source, cases[i].loss, "data.source", 0, cases[i].setting, cases[i].text);
        j = load(test, cases[i].loss, 1);
        cr_expect_eq(j.result, FAILED, "accepted: %s", test);
        cr_expect_str_eq(j.problem.section, "data.test");
        release(&j);
        free(source);
        free(test);
    }
}

/* ---- splits ---------------------------------------------------------------------------- */

/* The rows of a split, which are their own first column. */
static void mark_rows(const struct rows *r, int *seen)
{
    for (int64_t i = 0; i < r->n; i++) {
        cr_expect(i == 0 || r->x[i * 2] > r->x[i * 2 - 2], "rows are not in the source's order");
        cr_expect_eq(r->label[i], (int)r->x[i * 2] % 3);
        seen[(int)r->x[i * 2]]++;
    }
}

Test(data, a_share_for_validation)
{
    const char *text = "source: {wild: {rows: 50}}, validation: 0.3";
    struct job a = load_ok(text, "cross_entropy", 1), b = load_ok(text, "cross_entropy", 1);
    struct job c = load_ok(text, "cross_entropy", 2);
    const size_t bytes = 15 * 2 * sizeof(float);
    int seen[50] = {0}, gaps = 0;

    cr_expect_eq(a.data->split[SPLIT_TRAIN].n, 35);
    cr_expect_eq(a.data->split[SPLIT_VALIDATION].n, 15);
    cr_expect_eq(a.data->validation_rows, 0, "no dataset was read for it");
    mark_rows(&a.data->split[SPLIT_TRAIN], seen);
    mark_rows(&a.data->split[SPLIT_VALIDATION], seen);
    for (int i = 0; i < 50; i++)
        cr_expect_eq(seen[i], 1, "row %d is there %d times", i, seen[i]);
    for (int i = 1; i < 15; i++)
        gaps += a.data->split[SPLIT_VALIDATION].x[i * 2] - a.data->split[SPLIT_VALIDATION].x[i * 2 - 2] > 1;
    cr_expect_gt(gaps, 3, "the split is not drawn at random");
    cr_expect_arr_eq(a.data->split[SPLIT_VALIDATION].x, b.data->split[SPLIT_VALIDATION].x, bytes);
    cr_expect_neq(memcmp(a.data->split[SPLIT_VALIDATION].x, c.data->split[SPLIT_VALIDATION].x, bytes), 0,
                  "the seed has no say");
    release(&a);
    release(&b);
    release(&c);

    expect_problem("source: {wild: {rows: 50}}, validation: 0.009", "mse", "data.validation", 0, "",
                   "a share of 0.009 of 50 rows leaves none for validation");
    expect_problem("source: {wild: {rows: 50}}, validation: 0.995", "mse", "data.validation", 0, "",
                   "a share of 0.995 of 50 rows leaves none for training");
    expect_problem("source: {wild: {rows: 1}}, validation: 0.5", "mse", "data.validation", 0, "",
                   "a share of 0.5 of 1 rows leaves none for training");
}

Test(data, datasets_beside_the_source)
{
    struct job j =
        load_ok("source: {wild: {names: letters}}, test: {wild: {rows: 4, names: letters_backwards}}, "
                "validation: {wild: {rows: 5, names: letters}}",
                "cross_entropy", 1);

    cr_expect_eq(j.data->test_rows, 4);
    cr_expect_eq(j.data->validation_rows, 5);
    cr_expect_eq(j.data->split[SPLIT_TRAIN].n, 10);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(j.data->split[SPLIT_TEST].label[i], 2 - i % 3, "class '%c' of row %d", "cba"[i % 3], i);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(j.data->split[SPLIT_VALIDATION].label[i], i % 3);
    release(&j);

    j = load_ok("source: wild, test: {wild: {classes: 2}}", "cross_entropy", 1);
    cr_expect_eq(j.data->nclasses, 3);
    cr_expect_eq(j.data->split[SPLIT_TEST].label[3], 1);
    release(&j);

    expect_problem("source: {wild: {names: letters}}, test: {wild: {names: other_letters}}", "cross_entropy",
                   "data.test", 0, "",
                   "wild: the class 'z' of the test set is not among the 3 classes of the source");
    expect_problem("source: {wild: {names: letters}}, validation: wild", "cross_entropy", "data.validation",
                   0, "",
                   "wild: the class '0' of the validation set is not among the 3 classes of the source");
    expect_problem("source: wild, test: {wild: {classes: 4}}", "cross_entropy", "data.test", 0, "",
                   "wild: the class '3' of the test set is not among the 3 classes of the source");
    expect_problem("source: wild, test: {wild: {cols: 3}}", "mse", "data.test", 0, "",
                   "wild: inputs of the test set have the shape [3], those of the source [2]");
    expect_problem("source: {wild: {shape: [1, 2]}}, validation: wild", "mse", "data.validation", 0, "",
                   "wild: inputs of the validation set have the shape [2], those of the source [1,2]");
}

/* A generator draws from the experiment's seed, differently for each dataset. */
Test(data, generators)
{
    const char *text = "source: {wild: {how: random}}, test: {wild: {how: random}}";
    struct job a = load_ok(text, "mse", 1), b = load_ok(text, "mse", 1), c = load_ok(text, "mse", 2);
    const float *source = a.data->split[SPLIT_TRAIN].x;
    const size_t bytes = 20 * sizeof(float);

    cr_expect_arr_eq(source, b.data->split[SPLIT_TRAIN].x, bytes);
    cr_expect_neq(memcmp(source, a.data->split[SPLIT_TEST].x, bytes), 0, "the test set is the source");
    cr_expect_neq(memcmp(source, c.data->split[SPLIT_TRAIN].x, bytes), 0, "the seed has no say");
    release(&a);
    release(&b);
    release(&c);
}

/* ---- transforms --------------------------------------------------------------------------- */

/* bend adds 1000 times (100 + the sum of the first column) and 100 + the number of the rows
 * that it was fitted on to the first column: wrong if it saw any other row. */
static void expect_bent(const struct data *d, double fitted)
{
    for (enum split s = 0; s < SPLITS; s++)
        for (int64_t i = 0; i < d->split[s].n; i++) {
            const float *x = d->split[s].x + i * d->x_size;

            for (int64_t j = 1; j < d->x_size; j++) /* odd columns keep i + 0.5, even ones i */
                cr_assert_eq(x[j] - floorf(x[j]), j % 2 ? 0.5f : 0.0f);
            if (s != SPLIT_TRAIN)
                continue;
            cr_assert_eq(x[0], (float)((double)x[1] - 0.5 + fitted), "row %lld: %g", (long long)i,
                         (double)x[0]);
        }
}

Test(data, transforms_are_fitted_on_training_rows)
{
    static const char *const widths[] = {"0", "5", "2"};

    for (size_t i = 0; i < COUNT(widths); i++) {
        char *text = mem_format(
            "source: {wild: {rows: 6}}, test: {wild: {rows: 3}}, transforms: [{bend: {width: %s}}]",
            widths[i]);
        struct job j = load_ok(text, "mse", 1);

        cr_expect_eq(j.data->x_size, i == 1 ? 5 : 2);
        cr_expect_eq(j.data->x.dim[0], j.data->x_size);
        expect_bent(j.data, 1000 * (100 + 15) + 100 + 6);
        cr_expect_eq(j.data->split[SPLIT_TEST].x[2 * j.data->x_size], 2 + 1000 * (100 + 15) + 100 + 6);
        release(&j);
        free(text);
    }
}

/* More rows than go through at once, results wider, narrower and as wide. */
Test(data, transforms_in_chunks)
{
    static const int widths[] = {1, 3, 7};

    for (size_t w = 0; w < COUNT(widths); w++) {
        char *text =
            mem_format("source: {wild: {rows: 2500, cols: 3}}, transforms: [{bend: {width: %d}}]", widths[w]);
        struct job j = load_ok(text, "mse", 1);
        const float *x = j.data->split[SPLIT_TRAIN].x;
        float sum = 100; /* as the plugin sums */

        for (int i = 0; i < 2500; i++)
            sum += (float)i;
        for (int i = 0; i < 2500; i++)
            for (int k = 0; k < widths[w]; k++) {
                float expected = (float)i + 0.5f * (float)(k % 3);

                if (k == 0)
                    expected += sum * 1000 + 2600;
                cr_assert_eq(x[i * widths[w] + k], expected, "width %d, row %d, column %d", widths[w], i, k);
            }
        release(&j);
        free(text);
    }
}

Test(data, transforms_follow_each_other)
{
    struct job j = load_ok("source: {wild: {rows: 8}}, test: {wild: {rows: 20}}, validation: 0.25, "
                           "transforms: [{scale: {factor: 4}}, standardize, {bend: {width: 3}}]",
                           "mse", 1);
    double mean = 0, square = 0;

    cr_expect_eq(j.data->x_size, 3);
    cr_expect_eq(j.data->split[SPLIT_TRAIN].n, 6);
    for (int i = 0; i < 6; i++) {
        mean += (double)j.data->split[SPLIT_TRAIN].x[i * 3 + 1] / 6;
        square += pow((double)j.data->split[SPLIT_TRAIN].x[i * 3 + 1], 2) / 6;
    }
    cr_expect(fabs(mean) < 1e-6 && fabs(square - 1) < 1e-5, "mean %g, variance %g", mean, square);
    release(&j);
}

Test(data, rules_that_a_transform_breaks)
{
    static const struct {
        const char *bend, *setting, *text;
    } cases[] = {
        {"how: plan_fails, width: 3", "width", "bend.width: 3 does not fit"},
        {"how: fit_fails", "", "bend: cannot be fitted"},
        {"how: forward_fails", "", "bend: cannot go forward"},
        {"how: no_shape", "", "bend: turns rows of shape [2] into nothing"},
        {"how: inf", "", "bend: makes row 6, column 2 of the train rows inf"},
        {"how: inf, width: 3", "", "bend: makes row 6, column 2 of the train rows inf"},
        {"how: indices", "",
         "bend: row 1, column 2 of the train rows is 0.5, not a whole number from 0 to 2"},
        {"width: 1000000000000", "", "bend: no memory for 10 rows of 1000000000000 numbers"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text =
            mem_format("source: wild, transforms: [{scale: {factor: 1}}, {bend: {%s}}]", cases[i].bend);

        expect_problem(text, "mse", "data.transforms", 1, cases[i].setting, cases[i].text);
        free(text);
    }
}

/* ---- files, and what data depend on ---------------------------------------------------------- */

static void write_text(const char *name, const char *text)
{
    char *path = path_join(scratch, name);
    FILE *f = fopen(path, "w");

    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
    free(path);
}

Test(data, files_and_their_classes)
{
    char *missing = mem_format("%s/none.csv", scratch);
    struct job j;

    write_text("a.csv", "x,y\n1,rose\n2,iris\n3,lily\n4,iris\n");
    write_text("b.csv", "x,y\n5,rose\n6,lily\n");
    write_text("c.csv", "x,y\n5,rose\n6,oak\n");
    j = load_ok("source: {csv: {path: a.csv, target: y}}, test: {csv: {path: b.csv, target: y}}",
                "cross_entropy", 1);
    cr_expect_str_eq(j.data->class_names[0], "iris");
    cr_expect_eq(j.data->split[SPLIT_TRAIN].label[0], 2);
    cr_expect_eq(j.data->split[SPLIT_TEST].label[0], 2, "rose is class 1 of b.csv, class 2 of the source");
    cr_expect_eq(j.data->split[SPLIT_TEST].label[1], 1);
    release(&j);
    expect_problem("source: {csv: {path: a.csv, target: y}}, test: {csv: {path: c.csv, target: y}}",
                   "cross_entropy", "data.test", 0, "",
                   "csv: the class 'oak' of the test set is not among the 3 classes of the source");
    j = load("source: {csv: {path: none.csv, target: y}}", "mse", 1);
    cr_expect_eq(j.result, FAILED);
    cr_expect_str_eq(j.problem.setting, "path");
    cr_expect_not_null(strstr(j.problem.text, missing), "%s", j.problem.text);
    release(&j);
    free(missing);
}

static char *key_of(const char *data, const char *loss, int seed)
{
    struct job j = parse(data, loss, seed);
    char *key = data_key(j.spec);

    release(&j);
    return key;
}

/* A key for each way in which data can differ. */
Test(data, keys)
{
    static const struct {
        const char *data, *loss;
        int seed;
    } cases[] = {
        {"source: {csv: {path: a.csv, target: y}}", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}", "mse", 2},
        {"source: {csv: {path: a.csv, target: y}}", "cross_entropy", 1},
        {"source: {csv: {path: b.csv, target: y}}", "mse", 1},
        {"source: {csv: {path: a.csv, target: x}}", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}, validation: 0.5", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}, validation: {csv: {path: a.csv, target: y}}", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}, test: {csv: {path: a.csv, target: y}}", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}, transforms: [standardize]", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}, transforms: [{scale: {factor: 2}}]", "mse", 1},
        {"source: {csv: {path: a.csv, target: y}}, transforms: [{scale: {factor: 3}}]", "mse", 1},
    };
    char *key[COUNT(cases)], *again;

    write_text("a.csv", "x,y\n1,2\n2,4\n");
    write_text("b.csv", "x,y\n1,2\n2,4\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        key[i] = key_of(cases[i].data, cases[i].loss, cases[i].seed);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(key[i], key[k], "cases %zu and %zu", k, i);
    }
    again = key_of(cases[0].data, cases[0].loss, cases[0].seed);
    cr_expect_str_eq(again, key[0]);
    free(again);
    write_text("a.csv", "x,y\n1,2\n2,5000\n");
    again = key_of(cases[0].data, cases[0].loss, cases[0].seed);
    cr_expect_str_neq(again, key[0], "the file has changed");
    free(again);
    for (size_t i = 0; i < COUNT(cases); i++)
        free(key[i]);
}

/* A file deep in a folder counts as much. */
Test(data, keys_of_folders)
{
    static const char *const texts[] = {"one", "three"};
    char *command = mem_format("mkdir -p '%s/f/a/b'", scratch), *key[3];

    cr_assert_eq(system(command), 0);
    for (int i = 0; i < 3; i++) {
        write_text(i < 2 ? "f/a/b/x" : "f/a/y", texts[i % 2]);
        key[i] = key_of("source: {image_folder: {path: f}}", "mse", 1);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(key[i], key[k], "cases %d and %d", k, i);
    }
    for (int i = 0; i < 3; i++)
        free(key[i]);
    free(command);
}

Test(data, names_of_splits)
{
    cr_expect_str_eq(split_name(SPLIT_TRAIN), "train");
    cr_expect_str_eq(split_name(SPLIT_VALIDATION), "validation");
    cr_expect_str_eq(split_name(SPLIT_TEST), "test");
}
