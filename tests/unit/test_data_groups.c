/* test_data_groups.c - rows that stay on one side of a split, as scikit-learn's GroupKFold and
 * StratifiedGroupKFold have them, and where they cannot.
 */
#include "split_fixture.h"

TestSuite(data_groups, .init = setup, .fini = teardown);

/* 20 rows in 8 groups of 5, 3, 3, 2, 1, 1, 1 and 4 rows. */
static const char GROUPS[] = "aaaaabbbcccddefghhhh";

static void write_groups(const char *groups)
{
    FILE *f = fopen(file, "w");

    cr_assert_not_null(f);
    fputs("row,who,label\n", f);
    for (int i = 0; groups[i]; i++)
        fprintf(f, "%d,%c,%d\n", i, groups[i], i % 2);
    fclose(f);
}

/* Rows held out of split S; no group is on both sides. */
static int64_t held_groups(const struct data *d, const char *groups)
{
    const struct rows *held = &d->split[SPLIT_VALIDATION], *train = &d->split[SPLIT_TRAIN];

    for (int64_t i = 0; i < held->n; i++)
        for (int64_t k = 0; k < train->n; k++)
            cr_assert_neq(groups[held->source_row[i]], groups[train->source_row[k]]);
    cr_expect_eq(held->n + train->n, (int64_t)strlen(groups));
    cr_expect_eq(d->x_size, 1, "the group is an input");
    return held->n;
}

/* Rows of each fold as scikit-learn's GroupKFold has them. */
Test(data_groups, groups_stay_together)
{
    static const int64_t sizes[][4] = {{10, 10}, {7, 7, 6}, {5, 5, 5, 5}};

    write_groups(GROUPS);
    for (int folds = 2; folds <= 4; folds++) {
        int64_t rows = 0;

        for (int f = 0; f < folds; f++) {
            char *keys = mem_format(", folds: %d, fold: %d", folds, f);
            struct job j = load_of("target: label, group: who", keys, "cross_entropy", 7);
            const int64_t n = held_groups(j.data, GROUPS);

            cr_expect_eq(n, sizes[folds - 2][f], "fold %d of %d has %lld rows", f, folds, (long long)n);
            rows += n;
            release(&j);
            free(keys);
        }
        cr_expect_eq(rows, 20);
    }
    for (int seed = 1; seed < 6; seed++) { /* a share: as near as groups come to 8 rows */
        struct job j = load_of("target: label, group: who", ", validation: 0.4", "cross_entropy", seed);
        const int64_t n = held_groups(j.data, GROUPS);

        cr_expect(n >= 6 && n <= 10, "%lld rows", (long long)n);
        release(&j);
    }
}

Test(data_groups, groups_that_cannot_be_parted)
{
    struct job j;

    write_groups(GROUPS);
    j = load_of("target: label, group: who", ", folds: 9", "cross_entropy", 1);
    cr_expect_str_eq(j.problem.text, "data.folds: 9 folds of 8 groups");
    release(&j);
    j = load_of("target: label, group: who", ", folds: 8, fold: 7, stratify: true", "cross_entropy", 1);
    cr_expect_eq(j.result, OK, "%s", j.problem.text);
    release(&j);
    write_groups("zzzz");
    j = load_of("target: label, group: who", ", validation: 0.5", "cross_entropy", 1);
    cr_expect_eq(j.result, FAILED);
    cr_expect_str_eq(j.problem.text, "a share of 0.5 of 1 group leaves none for validation");
    release(&j);
    j = load_of("target: label, group: who", ", validation: 0.9", "cross_entropy", 1);
    cr_expect_str_eq(j.problem.text, "a share of 0.9 of 1 group leaves none for training");
    release(&j);
}

/* Folds as scikit-learn 1.9.1's StratifiedGroupKFold has them. No two groups have counts of classes of one
 * deviation, so that their order has no say. */
Test(data_groups, groups_and_classes)
{
    static const char
        groups[] =
            "gjcddcgcbekecajleicekefligacegehlefgegebejckkcfifklggcjichcjebkgcllgjkhkclkhkghhjckkbejbhkke"
            "ccefcegheelieklgilledefakjjk",
        labels[] =
            "2220100100222200011100001010012200002022022200002012102000201010000100111202222101100002202000"
            "10000011200220002011001000";
    static const struct {
        int folds;
        const char *fold;
    } cases[] = {
        {2, "111001111000101001100000110101010001010101100101000111111111010110011010100101111100101110001100"
            "101100010001100000"
            "000110"},
        {3, "001001010222110121122201101120201200202020122101021001011010202011100202112020000122020002221120"
            "120022112210111202"
            "012002"},
        {4, "112112120030221302203033212201013031010001233232333112122121003123311313233131111233001013302203"
            "201100320331233010"
            "323113"},
        {5, "401441411202110323120243341124233244242120100143403441031310210413340030130304330100120130021124"
            "124322332034333242"
            "410000"},
    };
    FILE *f = fopen(file, "w");

    cr_assert_not_null(f);
    fputs("row,who,label\n", f);
    for (int i = 0; groups[i]; i++)
        fprintf(f, "%d,%c,%c\n", i, groups[i], labels[i]);
    fclose(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int fold = 0; fold < cases[i].folds; fold++) {
            char *keys = mem_format(", folds: %d, fold: %d, stratify: true", cases[i].folds, fold);
            struct job j = load_of("target: label, group: who", keys, "cross_entropy", 5);
            const struct rows *held = &j.data->split[SPLIT_VALIDATION];
            int64_t k = 0;

            held_groups(j.data, groups);
            for (int64_t row = 0; groups[row]; row++)
                if (cases[i].fold[row] == '0' + fold)
                    cr_expect(k < held->n && held->source_row[k++] == row, "%d folds, row %lld",
                              cases[i].folds, (long long)row);
            cr_expect_eq(k, held->n);
            release(&j);
            free(keys);
        }
    for (int seed = 1; seed < 6; seed++) { /* a share: of each class as near to it as groups come */
        struct job j =
            load_of("target: label, group: who", ", validation: 0.3, stratify: true", "cross_entropy", seed);
        const struct rows *held = &j.data->split[SPLIT_VALIDATION];
        double of[3] = {0}, all[3] = {0};

        held_groups(j.data, groups);
        for (int64_t i = 0; i < held->n; i++)
            of[labels[held->source_row[i]] - '0']++;
        for (int i = 0; labels[i]; i++)
            all[labels[i] - '0']++;
        for (int k = 0; k < 3; k++)
            cr_expect(of[k] / all[k] > 0.15 && of[k] / all[k] < 0.45, "seed %d, class %d: %g", seed, k,
                      of[k] / all[k]);
        release(&j);
    }
}
