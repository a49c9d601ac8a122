/* test_simd.c - what kernels run on: the choice of a SIMD level, and the pool of threads.
 */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

/* ---- levels -------------------------------------------------------------------- */

Test(simd, names_choose_their_level)
{
    for (int l = 0; l < SIMD_LEVELS; l++) {
        enum simd_level got = SIMD_LEVELS;
        struct error err = {{0}};
        const char *name = simd_name((enum simd_level)l);

        if (simd_available((enum simd_level)l)) {
            cr_assert_eq(simd_choose(name, &got, &err), OK);
            cr_assert_eq((int)got, l);
            cr_assert_eq((int)kernels_get(got)->level, l);
        } else {
            cr_assert_eq(simd_choose(name, &got, &err), FAILED);
            cr_assert(strstr(err.text, name) != NULL && strstr(err.text, "does not have") != NULL, "%s",
                      err.text);
        }
    }
}

Test(simd, no_wish_gives_the_best_there_is)
{
    enum simd_level none, empty;
    struct error err;

    cr_assert_eq(simd_choose(NULL, &none, &err), OK);
    cr_assert_eq(simd_choose("", &empty, &err), OK);
    cr_assert_eq(none, empty);
    for (int l = (int)none + 1; l < SIMD_LEVELS; l++)
        cr_assert_not(simd_available((enum simd_level)l));
    cr_assert(simd_available(none));
}

Test(simd, unknown_word_lists_the_words_there_are)
{
    static const char *const words[] = {"sse9", "AVX2", "avx", "2", " avx2"};
    enum simd_level level = SIMD_LEVELS;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct error err = {{0}};

        cr_assert_eq(simd_choose(words[i], &level, &err), FAILED);
        cr_assert_eq(level, SIMD_LEVELS);
        cr_assert(strstr(err.text, words[i]) != NULL, "%s", err.text);
        for (int l = 0; l < SIMD_LEVELS; l++)
            cr_assert(strstr(err.text, simd_name((enum simd_level)l)) != NULL, "%s", err.text);
    }
}

/* ---- the pool ------------------------------------------------------------------- */

struct tally {
    struct pool *pool;
    int count[1000];
    int nested[1000];
};

static void tally_inner(void *arg, int64_t block)
{
    ((int *)arg)[0] += (int)block;
}

static void tally_block(void *arg, int64_t block)
{
    struct tally *t = arg;

    t->count[block]++;
    pool_run(t->pool, tally_inner, &t->nested[block], 4); /* unsafe, unless it runs inline */
}

Test(pool, each_block_runs_once)
{
    static const int64_t blocks[] = {0, 1, 2, 3, 17, 1000};

    for (int threads = 2; threads <= 5; threads++) {
        static struct tally t;
        struct error err;

        cr_assert_eq(pool_new(threads, &t.pool, &err), OK, "%s", err.text);
        cr_assert_eq(pool_threads(t.pool), threads);
        for (int round = 0; round < 200; round++)
            for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
                memset(t.count, 0, sizeof t.count);
                memset(t.nested, 0, sizeof t.nested);
                pool_run(t.pool, tally_block, &t, blocks[i]);
                for (int64_t b = 0; b < 1000; b++) {
                    cr_assert_eq(t.count[b], b < blocks[i]);
                    cr_assert_eq(t.nested[b], b < blocks[i] ? 0 + 1 + 2 + 3 : 0);
                }
            }
        pool_free(t.pool);
    }
}

static void count_block(void *arg, int64_t block)
{
    ((_Atomic int *)arg)[block]++;
}

/* A thread that comes late to a job must not take a block of the next, larger one for its own. */
Test(pool, late_threads_leave_the_next_job_alone)
{
    static const int64_t blocks[] = {2, 40};
    static _Atomic int count[40];
    struct pool *pool;
    struct error err;

    cr_assert_eq(pool_new(5, &pool, &err), OK, "%s", err.text);
    for (int round = 0; round < 100000; round++) {
        const int64_t n = blocks[round % 2];

        pool_run(pool, count_block, count, n);
        for (int64_t b = 0; b < n; b++)
            if (atomic_exchange(&count[b], 0) != 1)
                cr_assert_fail("round %d, block %d", round, (int)b);
    }
    pool_free(pool);
}

Test(pool, none_is_one_thread)
{
    static struct tally t;

    cr_assert_eq(pool_threads(NULL), 1);
    pool_run(NULL, tally_block, &t, 3);
    cr_assert(t.count[0] == 1 && t.count[2] == 1 && t.count[3] == 0);
    pool_free(NULL);
}
