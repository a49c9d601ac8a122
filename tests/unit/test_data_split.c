/* test_data_split.c - which rows are held out and used: shares, folds, strata and subsets against what
 * scikit-learn 1.9.1 gives (how many rows of which class; which rows these are is the seed's), label noise,
 * inputs as targets, and each of them where there is nothing to draw.
 *
 * The numbers of rows come from KFold(k, shuffle=True), StratifiedKFold(k, shuffle=True) and
 * StratifiedShuffleSplit(test_size=n) of the classes that LABELS spells.
 */
#include "split_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* 22 rows of 4 classes, whose order of coming is not that of their numbers. */
static const char LABELS[] = "2001000000000111122233";
/* 20 rows of 3 classes. */
static const char THREE[] = "20010000000001111222";

TestSuite(data_split, .init = setup, .fini = teardown);

/* A file of a row for each of LABELS: its number, ten times that, and the label. */
static void write_rows(const char *labels)
{
    FILE *f = fopen(file, "w");

    cr_assert_not_null(f);
    fputs("row,ten,label\n", f);
    for (int i = 0; labels[i]; i++)
        fprintf(f, "%d,%d,%c\n", i, 10 * i, labels[i]);
    fclose(f);
}

static struct job load(const char *keys, const char *loss, int seed)
{
    return load_of("target: label", keys, loss, seed);
}

static struct job load_ok(const char *keys, const char *loss, int seed)
{
    struct job j = load(keys, loss, seed);

    cr_assert_eq(j.result, OK, "%s: %s", keys, j.problem.text);
    return j;
}

static void expect_problem(const char *keys, const char *loss, const char *section, const char *text)
{
    struct job j = load(keys, loss, 1);

    cr_expect_eq(j.result, FAILED, "accepted: %s", keys);
    cr_expect_str_eq(j.problem.section, section);
    cr_expect_str_eq(j.problem.text, text);
    release(&j);
}

/* Rows of each class in a split, as "3 2 0 1"; the rows are in order, and what they say they are. */
static const char *counts(const struct data *d, enum split s, const char *labels, char text[32])
{
    const struct rows *r = &d->split[s];
    int n[4] = {0};

    for (int64_t i = 0; i < r->n; i++) {
        const int64_t row = r->source_row ? r->source_row[i] : i;

        cr_expect_eq(r->x[2 * i], (float)row);
        cr_expect_eq(r->label[i], labels[row] - '0');
        cr_expect(i == 0 || !r->source_row || r->source_row[i - 1] < row);
        n[r->label[i]]++;
    }
    snprintf(text, 32, "%d %d %d %d", n[0], n[1], n[2], n[3]);
    return text;
}

/* ---- folds --------------------------------------------------------------------------------- */

static void expect_folds(int folds, bool stratify, const char *const *wanted)
{
    int seen[22] = {0};

    for (int f = 0; f < folds; f++) {
        char *keys = mem_format(", folds: %d, fold: %d, stratify: %s", folds, f, stratify ? "true" : "false");
        struct job j = load_ok(keys, "cross_entropy", 3);
        const struct rows *r = &j.data->split[SPLIT_VALIDATION];
        char text[32], size[32];

        counts(j.data, SPLIT_VALIDATION, LABELS, text);
        snprintf(size, sizeof size, "%lld", (long long)r->n);
        cr_expect_str_eq(stratify ? text : size, wanted[f], "%s: %s", keys, stratify ? text : size);
        cr_expect_eq(r->n + j.data->split[SPLIT_TRAIN].n, 22);
        counts(j.data, SPLIT_TRAIN, LABELS, text);
        for (int64_t i = 0; i < r->n; i++)
            seen[r->source_row[i]]++;
        cr_expect_eq(warned[0] != 0, stratify, "%s", warned);
        release(&j);
        free(keys);
    }
    for (int i = 0; i < 22; i++)
        cr_expect_eq(seen[i], 1, "row %d is held out %d times", i, seen[i]);
}

Test(data_split, folds_have_the_rows_that_scikit_learn_gives_them)
{
    static const char *const three[] = {"8", "7", "7"}, *const five[] = {"5", "5", "4", "4", "4"};
    static const char *const three_even[] = {"3 2 2 1", "4 2 1 0", "4 1 1 1"};
    static const char *const five_even[] = {"2 1 1 1", "2 1 1 1", "2 1 1 0", "2 1 1 0", "3 1 0 0"};

    write_rows(LABELS);
    expect_folds(3, false, three);
    expect_folds(5, false, five);
    expect_folds(3, true, three_even);
    expect_folds(5, true, five_even);
}

Test(data_split, folds_where_there_are_few_rows)
{
    struct job j;

    write_rows(LABELS);
    expect_problem(", folds: 23", "cross_entropy", "data.folds", "data.folds: 23 folds of 22 rows");
    expect_problem(", folds: 12, stratify: true", "cross_entropy", "data.folds",
                   "data.stratify: 12 folds, but no class has more than 11 rows");
    j = load_ok(", folds: 22, fold: 21", "cross_entropy", 1); /* each row by itself */
    cr_expect_eq(j.data->split[SPLIT_VALIDATION].n, 1);
    release(&j);
    j = load_ok(", folds: 11, fold: 10, stratify: true", "cross_entropy", 1);
    cr_expect_str_eq(warned,
                     "data.stratify: 3 classes have fewer rows than there are folds: the rarest has 2 rows");
    release(&j);
}

/* ---- shares and subsets ---------------------------------------------------------------------- */

Test(data_split, a_stratified_share)
{
    static const struct {
        int n;
        const char *held;
    } cases[] = {{3, "2 1 0 0"}, {4, "2 1 1 0"}, {5, "3 1 1 0"}, {6, "3 2 1 0"}, {7, "4 2 1 0"}};

    write_rows(THREE);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *keys = mem_format(", validation: %g, stratify: true", cases[i].n / 20.0), text[32];
        struct job j = load_ok(keys, "cross_entropy", 5);

        cr_expect_str_eq(counts(j.data, SPLIT_VALIDATION, THREE, text), cases[i].held);
        cr_expect_eq(warned[0] != 0, i == 0, "%s", warned);
        release(&j);
        free(keys);
    }
}

static bool has_row(const struct rows *r, int64_t row)
{
    for (int64_t i = 0; i < r->n; i++)
        if (r->source_row[i] == row)
            return true;
    return false;
}

/* A learning curve: the rows of a smaller number are among those of a larger, and what is held out stays. */
Test(data_split, subsets_are_nested_and_leave_the_validation_rows)
{
    static const char *const even[] = {"1 1 1 0", "4 2 1 0", "9 4 3 0"};
    static const char *const amounts[] = {"3", "0.4375", "1"};
    const char *const more[] = {"", ", stratify: true"};

    write_rows(THREE);
    for (int stratify = 0; stratify < 2; stratify++) {
        struct job all =
            load_ok(stratify ? ", validation: 0.2, stratify: true" : ", validation: 0.2", "cross_entropy", 5);
        struct job before = {0};

        for (size_t i = 0; i < COUNT(amounts); i++) {
            char *keys = mem_format(", validation: 0.2, rows: %s%s", amounts[i], more[stratify]), text[32];
            struct job j = load_ok(keys, "cross_entropy", 5);
            const struct rows *r = &j.data->split[SPLIT_TRAIN];

            counts(j.data, SPLIT_TRAIN, THREE, text);
            cr_expect_eq(r->n, ((int[]){3, 7, 16})[i]);
            if (stratify)
                cr_expect_str_eq(text, even[i], "%s: %s", keys, text);
            cr_expect_str_eq(j.data->list_sha256[SPLIT_VALIDATION], all.data->list_sha256[SPLIT_VALIDATION]);
            for (int64_t k = 0; before.data && k < before.data->split[SPLIT_TRAIN].n; k++)
                cr_expect(has_row(r, before.data->split[SPLIT_TRAIN].source_row[k]));
            if (before.data)
                release(&before);
            before = j;
            free(keys);
        }
        cr_expect_str_eq(before.data->list_sha256[SPLIT_TRAIN], all.data->list_sha256[SPLIT_TRAIN]);
        release(&before);
        release(&all);
    }
    expect_problem(", rows: 21", "cross_entropy", "data.rows",
                   "data.rows: 21 of 20 training rows are more than there are");
    expect_problem(", validation: 0.2, rows: 17", "cross_entropy", "data.rows",
                   "data.rows: 17 of 16 training rows are more than there are");
    expect_problem(", rows: 0.01", "cross_entropy", "data.rows",
                   "data.rows: 0.01 of 20 training rows leaves none");
}

/* Values that are few are classes as well; many are none. */
Test(data_split, strata_of_values)
{
    struct job j;
    FILE *f;

    write_rows("00000000001111111111");
    j = load_ok(", folds: 5, stratify: true", "mse", 1);
    cr_expect_eq(j.data->split[SPLIT_VALIDATION].n, 4);
    for (int i = 0, ones = 0; i < 4; i++) {
        ones += j.data->split[SPLIT_VALIDATION].target[i] == 1.0f;
        cr_expect(i < 3 || ones == 2);
    }
    release(&j);
    f = fopen(file, "w");
    cr_assert_not_null(f);
    fputs("row,ten,label\n", f);
    for (int i = 0; i < 70; i++)
        fprintf(f, "%d,%d,%d.5\n", i, i, i);
    fclose(f);
    expect_problem(
        ", folds: 5, stratify: true", "mse", "data.stratify",
        "data.stratify: the targets have more than 64 different values; classes are wanted, or a few "
        "numbers, as 0 and 1");
}

/* ---- label noise -------------------------------------------------------------------------------- */

Test(data_split, label_noise_gives_other_classes_to_training_rows)
{
    static const char *const shares[] = {"0.1", "0.5", "1"};
    const int wanted[] = {2, 8, 16};
    struct job before = {0};

    write_rows(THREE);
    for (size_t i = 0; i < COUNT(shares); i++) {
        char *keys = mem_format(", validation: 0.2, label_noise: %s", shares[i]);
        struct job j = load_ok(keys, "cross_entropy", 5);
        const struct rows *train = &j.data->split[SPLIT_TRAIN], *held = &j.data->split[SPLIT_VALIDATION];
        int other = 0;

        for (int64_t k = 0; k < held->n; k++)
            cr_expect_eq(held->label[k], THREE[held->source_row[k]] - '0');
        for (int64_t k = 0; k < train->n; k++) {
            const int own = THREE[train->source_row[k]] - '0';

            cr_expect(train->label[k] >= 0 && train->label[k] < 3);
            if (train->label[k] == own)
                continue;
            cr_expect_eq(j.data->noised_row[other], train->source_row[k]);
            other++;
            if (before.data && before.data->split[SPLIT_TRAIN].label[k] != own)
                cr_expect_eq(train->label[k], before.data->split[SPLIT_TRAIN].label[k]);
        }
        for (int64_t k = 0; before.data && k < before.data->noised; k++) {
            int64_t at = 0;

            while (at < j.data->noised && j.data->noised_row[at] != before.data->noised_row[k])
                at++;
            cr_expect_lt(at, j.data->noised, "the rows of less noise are not among those of more");
        }
        cr_expect_eq(other, wanted[i]);
        cr_expect_eq(j.data->noised, wanted[i]);
        cr_expect_eq(j.data->class_rows[0], 11, "what is told of the file is what is in it");
        if (before.data)
            release(&before);
        before = j;
        free(keys);
    }
    release(&before);
}

Test(data_split, label_noise_where_it_cannot_be)
{
    struct job a, b;

    write_rows("00110101");
    a = load_ok("", "cross_entropy", 1);
    b = load_ok(", label_noise: 0", "cross_entropy", 1);
    cr_expect_arr_eq(a.data->split[SPLIT_TRAIN].label, b.data->split[SPLIT_TRAIN].label, 8 * 4);
    cr_expect_eq(b.data->noised, 0);
    release(&a);
    release(&b);
    a = load_ok(", label_noise: 1", "mse", 1); /* values 0 and 1: each becomes the other */
    for (int i = 0; i < 8; i++)
        cr_expect_eq(a.data->split[SPLIT_TRAIN].target[i], (float)('1' - "00110101"[i]));
    release(&a);
    a = load_ok(", label_noise: 0.01", "mse", 1); /* less than half a row */
    cr_expect_eq(a.data->noised, 0);
    release(&a);
    write_rows("0000");
    expect_problem(", label_noise: 0.5", "mse", "data.label_noise",
                   "data.label_noise: all training rows have the target 0");
    expect_problem(", label_noise: 0.5", "cross_entropy", "data.label_noise",
                   "data.label_noise: there is only one class");
}

/* ---- inputs as targets ----------------------------------------------------------------------------- */

Test(data_split, the_target_is_the_input_as_it_comes_out_of_the_transforms)
{
    struct job j;

    write_rows("abcd"); /* texts are no values: they are not read */
    j = load_ok(", target: input, validation: 0.25, transforms: [standardize]", "mse", 1);
    cr_expect_eq(j.data->target_size, 2);
    cr_expect_not(j.data->classes);
    cr_expect_arr_eq(j.data->split[SPLIT_TRAIN].target, j.data->split[SPLIT_TRAIN].x, 3 * 2 * sizeof(float));
    cr_expect_arr_eq(j.data->split[SPLIT_VALIDATION].target, j.data->split[SPLIT_VALIDATION].x,
                     2 * sizeof(float));
    cr_expect_null(j.data->split[SPLIT_TRAIN].label);
    release(&j);
    expect_problem(
        ", target: input, transforms: [jitter]", "mse", "data.target",
        "data.target: input: a transform that acts in training only would leave the target as it was; for a "
        "denoising autoencoder put the layer 'noise' or 'dropout' first in the model");
}

/* ---- lists ------------------------------------------------------------------------------------------- */

Test(data_split, lists_of_rows_and_their_hashes)
{
    struct job j;
    struct strbuf text = {0};
    char sha256[65];
    int64_t row = 0;

    write_rows(THREE);
    j = load_ok(", folds: 4, fold: 1", "cross_entropy", 2);
    data_list_text(j.data, SPLIT_VALIDATION, &text);
    for (const char *p = text.text; *p; p = strchr(p, '\n') + 1)
        cr_expect_eq(strtoll(p, NULL, 10), j.data->split[SPLIT_VALIDATION].source_row[row++]);
    cr_expect_eq(row, 5);
    sha256_text(text.text, text.len, sha256);
    cr_expect_str_eq(sha256, j.data->list_sha256[SPLIT_VALIDATION]);
    cr_expect_str_eq(j.data->list_sha256[SPLIT_TEST], "");
    strbuf_release(&text);
    release(&j);
}
