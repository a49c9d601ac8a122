/* test_data_tables.c - tables with the dirt of those that people have, prepared: the matrix that
 * scikit-learn's imputers, one-hot encoder and scalers make of them, equal to 1e-6. How the references were
 * made is in tests/reference/tables/make.py.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data.h"
#include "kernels/kernels.h"

static void note(void *arg, const char *who, const char *msg)
{
    (void)arg;
    (void)who;
    (void)msg;
}

/* N numbers of what should be there; READ from the file. */
static void expect_number(FILE *f, float found, const char *name, enum split s, int64_t row, int64_t column)
{
    double wanted;

    cr_assert_eq(fscanf(f, "%lf", &wanted), 1, "%s.prepared ends too early", name);
    cr_expect(fabs((double)found - wanted) <= 1e-6 * fmax(1.0, fabs(wanted)),
              "%s: %s row %lld, column %lld: %.9g, not %.9g", name, split_name(s), (long long)row,
              (long long)column, (double)found, wanted);
}

static void expect_prepared(const struct data *d, const char *name)
{
    char *path = mem_format("%s/tests/reference/tables/%s.prepared", getenv("srcdir"), name);
    FILE *f = fopen(path, "r");
    long long train, test, columns;

    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fscanf(f, "%lld %lld %lld", &train, &test, &columns), 3);
    cr_assert_eq(d->split[SPLIT_TRAIN].n, train);
    cr_assert_eq(d->split[SPLIT_TEST].n, test);
    cr_assert_eq(d->x_size, columns, "%s: %lld columns, not %lld", name, (long long)d->x_size, columns);
    for (enum split s = 0; s < SPLITS; s++) {
        const struct rows *r = &d->split[s];

        for (int64_t i = 0; i < r->n; i++) {
            for (int64_t j = 0; j < columns; j++)
                expect_number(f, r->x[i * columns + j], name, s, i, j);
            expect_number(f, d->classes ? (float)r->label[i] : r->target[i], name, s, i, -1);
        }
    }
    fclose(f);
    free(path);
}

/* SETTINGS of both sources; the files are in the folder of the references. */
static void prepare(const char *name, const char *train, const char *test, const char *settings,
                    const char *transforms, const char *loss)
{
    struct registry *registry = registry_new();
    struct host_env env = {.kernels = kernels_get(SIMD_PORTABLE), .registry = registry, .warn = note};
    char *folder = mem_format("%s/tests/reference/tables", getenv("srcdir"));
    char *absolute = path_absolute(folder);
    char *yaml = mem_format("seed: 1\ndata:\n  source: {csv: {path: %s, %s}}\n  test: {csv: {path: %s, %s}}\n"
                            "  transforms: %s\nmodel: [{dense: {units: 3}}]\nloss: %s\noptimizer: sgd\n"
                            "train: {epochs: 1}\n",
                            train, settings, test, settings, transforms, loss);
    struct tree *tree = tree_new();
    struct diag *d = diag_new();
    struct node *root = tree_parse_text(tree, "spec.yaml", absolute, yaml, strlen(yaml), false, d);
    struct spec *spec = root ? spec_parse(registry, root, "spec", d) : NULL;
    struct problem p = {.index = 0};
    struct data *data = NULL;

    diag_print(d, stderr, false);
    cr_assert_not_null(spec);
    cr_assert_eq(data_load(spec, &env, &data, &p), OK, "%s: %s", name, p.text);
    expect_prepared(data, name);
    data_free(data);
    spec_free(spec);
    diag_free(d);
    tree_free(tree);
    free(yaml);
    free(absolute);
    free(folder);
    registry_free(registry);
}

/* NA in numbers and words; a test file with its columns in another order. */
Test(data_tables, penguins)
{
    prepare("penguins", "penguins.csv", "penguins-test.csv", "target: species", "[impute, standardize]",
            "cross_entropy");
}

/* Quoted names with commas and quotes, a byte order mark, CRLF, empty fields, a number that is a class of
 * tickets. */
Test(data_tables, titanic)
{
    prepare("titanic", "titanic.csv", "titanic-test.csv",
            "target: Survived, drop: [PassengerId, Name, Ticket, Cabin], columns: {Pclass: category}, "
            "unknown: zeros",
            "[{impute: {number: mean, category: most_frequent, indicator: true}}, standardize]",
            "cross_entropy");
}

/* No header, blanks behind commas, question marks for nothing, classes such as <=50K. */
Test(data_tables, adult)
{
    prepare("adult", "adult.data", "adult.test", "target: -1, unknown: zeros",
            "[{impute: {category: most_frequent}}, standardize]", "cross_entropy");
}

/* Semicolons, decimal commas, an index without a name, true and false, prices. */
Test(data_tables, diamonds)
{
    prepare("diamonds", "diamonds.csv", "diamonds-test.csv",
            "target: price, decimal: ',', unknown: zeros, drop: ['']", "[impute, min_max]", "mse");
}
