/* test_data_stream.c - rows of doubles that are read again and again instead of being kept: the same bits,
 * the same refusals.
 */
#include <sys/stat.h>

#include "abi_help.h"
#include "data_job.h"
#include "engine/data.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct registry *registry;
static struct host_env env;

static void setup(void)
{
    home_make("again_data.c", "plugins/dataset/again.so");
    registry = registry_new();
    env = (struct host_env){.kernels = kernels_get(SIMD_PORTABLE), .registry = registry};
}

static void teardown(void)
{
    registry_free(registry);
    scratch_remove();
}

TestSuite(stream, .init = setup, .fini = teardown);

/* DATA, the inside of a spec's data section, loaded where KEPT bytes of doubles are kept; the same rows, or
 * what is wrong. */
static struct job load(const char *data, int64_t kept)
{
    char *yaml = mem_format("seed: 4\ndata: {%s}\nmodel: [{dense: {units: 1}}]\nloss: mse\noptimizer: sgd\n"
                            "train: {epochs: 1}\n",
                            data);
    struct job l = job_of(registry, scratch, yaml);

    data_kept_doubles = kept;
    if (data_load(l.spec, &env, &l.data, &l.problem) != OK)
        cr_assert_neq(l.problem.text[0], '\0');
    return l;
}

static void assert_same(const char *what, const struct data *a, const struct data *b)
{
    cr_assert_eq(a->x_size, b->x_size, "%s", what);
    cr_assert(!memcmp(&a->x, &b->x, sizeof a->x), "%s", what);
    cr_assert_eq(a->nlate, b->nlate, "%s", what);
    for (enum split s = 0; s < SPLITS; s++) {
        const struct rows *p = &a->split[s], *q = &b->split[s];

        cr_assert_eq(p->n, q->n, "%s", what);
        for (int64_t i = 0; i < p->n * a->x_size; i++)
            cr_assert(!memcmp(&p->x[i], &q->x[i], sizeof *p->x), "%s: split %d, number %lld: %.9g and %.9g",
                      what, (int)s, (long long)i, (double)p->x[i], (double)q->x[i]);
        for (int64_t i = 0; i < p->n; i++)
            cr_assert_eq(p->target[i], q->target[i], "%s", what);
    }
}

/* How often the first row was read since the last time; DATA names the file. */
static int64_t reads(void)
{
    char *path = path_join(scratch, "log");
    struct stat about = {.st_size = 0};

    cr_assert_eq(stat(path, &about), 0);
    unlink(path);
    free(path);
    return about.st_size;
}

/* A table of 2,500 rows: numbers with gaps, a number twice in the middle, words, seconds since 1970. */
static void write_table(const char *name, int shift)
{
    char *path = path_join(scratch, name);
    FILE *f = fopen(path, "w");

    cr_assert_not_null(f);
    fprintf(f, "a,b,c,d,y\n");
    for (int i = 0; i < 2500; i++) {
        if (i % 7 == 3)
            fprintf(f, ",");
        else
            fprintf(f, "%.3f,", (i * 7919 % 2500) / 7.0 - 100);
        fprintf(f, "%d,%s,%.2f,%.1f\n", i % 3 - 1,
                i % 11 == 5 ? ""
                : i % 4     ? "red"
                            : "blue",
                1.7e9 + i * 60.25 + shift, (i + shift) % 5 / 2.0);
    }
    fclose(f);
    free(path);
}

Test(stream, the_same_bits)
{
    static const char *const cases[] = {
        "transforms: [standardize]",
        "transforms: [min_max, standardize, {scale: {factor: 0.3}}]",
        "transforms: [min_max, {jitter: {stddev: 0.1}}, standardize], validation: 0.2",
        "transforms: [{scale: {factor: 0.1}}]",
    };
    /* Once for targets and what they are, for each pass of a fit, which rows that are held out (as the first
     * of the third) are not for, and at the end. */
    static const int times[] = {4, 5, 2, 2};

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text =
            mem_format("source: {again: {log: %s/log}}, test: {again: {rows: 100, log: %s/other}}, %s",
                       scratch, scratch, cases[i]);
        struct job kept = load(text, INT64_MAX), again = {0};

        cr_assert_not_null(kept.data, "%s", kept.problem.text);
        cr_assert_eq(reads(), 1);
        again = load(text, 1000);
        cr_assert_not_null(again.data, "%s", again.problem.text);
        cr_assert_eq(reads(), times[i], "%s", cases[i]);
        assert_same(cases[i], kept.data, again.data);
        release(&kept);
        release(&again);
        free(text);
    }
}

Test(stream, values_for_what_is_missing)
{
    static const char *const cases[] = {"", "number: mean", "category: most_frequent, indicator: true",
                                        "number: mean, category: most_frequent"};

    write_table("t.csv", 0);
    write_table("test.csv", 3);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text =
            mem_format("source: {csv: {path: t.csv, target: y}}, test: {csv: {path: test.csv, target: y}}, "
                       "validation: 0.25, transforms: [{impute: {%s}}, standardize]",
                       cases[i]);
        struct job kept = load(text, INT64_MAX), again = load(text, 0);

        cr_assert_not_null(kept.data, "%s", kept.problem.text);
        cr_assert_not_null(again.data, "%s", again.problem.text);
        assert_same(cases[i], kept.data, again.data);
        release(&kept);
        release(&again);
        free(text);
    }
}

Test(stream, the_same_refusals)
{
    static const struct {
        const char *data, *text;
    } cases[] = {
        {"source: {csv: {path: t.csv, target: y}}, transforms: [standardize, impute]",
         "standardize: values are missing; the transform that fills them comes first"},
        {"source: {again: {log: %s/log}}, transforms: [{scale: {factor: 1e38}}]",
         "scale: makes row 1, column 1 of the train rows -2e+39"},
        {"source: {again: {log: %s/log}}, transforms: [{one_hot: {classes: 9}}]",
         "one_hot: column 0 holds -20, which is not a whole number from 0 to 8"},
    };

    write_table("t.csv", 0);
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int kept = 0; kept < 2; kept++) {
            char *text =
                strstr(cases[i].data, "%s") ? mem_format(cases[i].data, scratch) : mem_string(cases[i].data);
            struct job l = load(text, kept ? INT64_MAX : 0);

            cr_expect_null(l.data);
            cr_expect_str_eq(l.problem.text, cases[i].text, "%s: %s", text, l.problem.text);
            cr_expect_str_eq(l.problem.section, "data.transforms");
            release(&l);
            free(text);
        }
}

/* Rows that would be others the second time are an error; where they are drawn at once, they are kept. */
Test(stream, a_dataset_that_draws)
{
    char *text =
        mem_format("source: {again: {log: %s/log, draws: true}}, transforms: [standardize]", scratch);
    struct job l = load(text, 0);

    cr_expect_null(l.data);
    cr_expect_str_eq(
        l.problem.text,
        "again: the plugin draws random numbers while it reads, so 3000 rows of doubles, which are too "
        "many to keep, cannot be read again");
    release(&l);
    l = load(text, INT64_MAX);
    cr_expect_not_null(l.data);
    release(&l);
    free(text);
}
