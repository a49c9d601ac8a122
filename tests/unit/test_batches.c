/* test_batches.c - rows in batches: every row once an epoch, in an order that seed and epoch decide,
 * copied only where they must be. */
#include "engine_fixture.h"

#define SPEC "model: [{dense: {units: 2}}]\nloss: mse\noptimizer: sgd\ntrain: {epochs: 1}\n"

static void see_all_rows(int64_t n, int64_t x_size, int64_t size, bool shuffle, int64_t classes)
{
    struct fixture f;
    struct batches b;
    struct batch batch;
    struct error err;
    int64_t seen = 0, in_place = 0;
    char *found = mem_alloc((size_t)n);

    fixture_init(&f, SPEC);
    fixture_data(&f, n, fell_vec(x_size), classes, 2);
    for (int64_t i = 0; i < n; i++) { /* a row and its target carry the row's number */
        f.data.split[SPLIT_TRAIN].x[i * x_size] = (float)i;
        if (classes)
            f.data.split[SPLIT_TRAIN].label[i] = (int32_t)i;
        else
            f.data.split[SPLIT_TRAIN].target[i * 2] = (float)i;
    }
    cr_assert_eq(batches_init(&b, &f.data, SPLIT_TRAIN, size, shuffle, 0, &err), OK);
    batches_begin(&b, 5, 1);
    while (batches_next(&b, &batch)) {
        cr_expect_eq(batch.at, seen);
        cr_expect_eq(batch.n, n - seen < size ? n - seen : size);
        cr_expect_eq((uintptr_t)batch.x % 64, 0);
        in_place += batch.x == f.data.split[SPLIT_TRAIN].x + seen * x_size;
        for (int64_t i = 0; i < batch.n; i++) {
            const int64_t row = (int64_t)batch.x[i * x_size];

            cr_expect(shuffle || row == seen + i);
            cr_expect_eq(found[row]++, 0);
            cr_expect_eq(classes ? (int64_t)batch.label[i] : (int64_t)batch.target[i * 2], row);
            cr_expect_arr_eq(batch.x + i * x_size, f.data.split[SPLIT_TRAIN].x + row * x_size,
                             (size_t)x_size * sizeof(float));
        }
        seen += batch.n;
    }
    cr_expect_eq(seen, n);
    cr_expect(shuffle ? in_place == 0 : in_place > 0);
    batches_release(&b);
    free(found);
    fixture_release(&f);
}

Test(batches, every_row_once_an_epoch)
{
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        see_all_rows(23, 1, 5, shuffle, 23);
        see_all_rows(23, 2, 5, shuffle, 0);
        see_all_rows(32, 4, 16, shuffle, 32);
        see_all_rows(33, 16, 8, shuffle, 0);
        see_all_rows(50, 17, 7, shuffle, 50);
    }
    see_all_rows(23, 3, 23, false, 0);
}

Test(batches, order_depends_on_seed_and_epoch)
{
    struct fixture f;
    struct batches b;
    struct error err;
    int64_t first[50], same[50];

    fixture_init(&f, SPEC);
    fixture_data(&f, 50, fell_vec(3), 0, 2);
    cr_assert_eq(batches_init(&b, &f.data, SPLIT_TRAIN, 8, true, 0, &err), OK);
    batches_begin(&b, 5, 1);
    memcpy(first, b.order, sizeof first);
    batches_begin(&b, 5, 2);
    cr_expect_arr_neq(b.order, first, sizeof first);
    batches_begin(&b, 6, 1);
    cr_expect_arr_neq(b.order, first, sizeof first);
    batches_begin(&b, 5, 1);
    memcpy(same, b.order, sizeof same);
    cr_expect_arr_eq(same, first, sizeof first);
    batches_release(&b);
    cr_assert_eq(batches_init(&b, &f.data, SPLIT_TRAIN, 50, true, 0, &err), OK);
    cr_expect_null(b.order); /* one batch of all rows: as they lie */
    batches_release(&b);
    fixture_release(&f);
}

/* ---- epochs that are no passes ---------------------------------------------------------------------- */

enum { ROWS = 23, SIZE = 5, PASS = 5 }; /* steps of a pass, the last of 3 rows */

/* Rows of an epoch, in order. */
static int64_t rows_of(struct batches *b, int64_t epoch, int64_t *row)
{
    struct batch batch;
    int64_t n = 0;

    batches_begin(b, 7, epoch);
    while (batches_next(b, &batch)) {
        cr_expect_eq(batch.at, n);
        for (int64_t i = 0; i < batch.n; i++)
            row[n++] = (int64_t)batch.x[i * 3];
    }
    cr_expect_eq(b->done, n);
    return n;
}

/* STEPS at a time, the rows are those of whole passes, one after the other; an epoch is the same for whoever
 * begins with it. */
static void expect_passes(struct fixture *f, int64_t steps, bool shuffle)
{
    int64_t whole[20 * ROWS], parts[20 * ROWS], alone[20 * ROWS], n = 0, passed = 0;
    const int64_t epochs = 6, passes = (epochs * steps + PASS - 1) / PASS;
    struct batches b, fresh;
    struct error err;

    cr_assert_eq(batches_init(&b, &f->data, SPLIT_TRAIN, SIZE, shuffle, 0, &err), OK);
    for (int64_t pass = 1; pass <= passes; pass++)
        passed += rows_of(&b, pass, whole + passed);
    batches_release(&b);
    cr_assert_eq(batches_init(&b, &f->data, SPLIT_TRAIN, SIZE, shuffle, steps, &err), OK);
    for (int64_t epoch = 1; epoch <= epochs; epoch++) {
        const int64_t more = rows_of(&b, epoch, parts + n);

        cr_assert_eq(batches_init(&fresh, &f->data, SPLIT_TRAIN, SIZE, shuffle, steps, &err), OK);
        cr_expect_eq(rows_of(&fresh, epoch, alone), more);
        cr_expect_arr_eq(alone, parts + n, (size_t)more * sizeof *alone);
        batches_release(&fresh);
        n += more;
    }
    batches_release(&b);
    cr_expect(n <= passed && n > passed - ROWS);
    cr_expect_arr_eq(parts, whole, (size_t)n * sizeof *parts);
}

Test(batches, epochs_of_so_many_steps_go_on)
{
    struct fixture f;

    fixture_init(&f, SPEC);
    fixture_data(&f, ROWS, fell_vec(3), 0, 2);
    for (int64_t i = 0; i < ROWS; i++)
        f.data.split[SPLIT_TRAIN].x[i * 3] = (float)i;
    for (int64_t steps = 1; steps <= 13; steps++) {
        expect_passes(&f, steps, true);
        expect_passes(&f, steps, false);
    }
    fixture_release(&f);
}
