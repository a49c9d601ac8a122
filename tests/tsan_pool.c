/* tsan_pool.c - the pool and the products over it, for a build with -fsanitize=thread.
 *
 * A plain program, since ThreadSanitizer and Criterion do not go together. Memory
 * that blocks share is plain memory on purpose: what orders it is the pool alone.
 * Ends with 0 when all is right; the sanitizer reports the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/kernels.h"

enum { BLOCKS = 300, ROUNDS = 300 };

struct job {
    struct pool *pool;
    long before;         /* written by the caller, read by the blocks */
    long square[BLOCKS]; /* written by the blocks, read by the caller */
};

static void add_one(void *arg, int64_t block)
{
    (void)block;
    ++*(long *)arg;
}

static void square_block(void *arg, int64_t block)
{
    struct job *job = arg;
    long nested = 0;

    pool_run(job->pool, add_one, &nested, 3);
    job->square[block] = job->before + block * block + nested;
}

static int check_jobs(struct pool *pool)
{
    static struct job job;

    job.pool = pool;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t blocks = 1 + round % BLOCKS;

        job.before = round;
        if (round % 50 == 0)
            usleep(2000); /* long enough for the threads to fall asleep */
        pool_run(pool, square_block, &job, blocks);
        for (int64_t i = 0; i < blocks; i++)
            if (job.square[i] != round + i * i + 3)
                return fprintf(stderr, "round %d: block %d was not done\n", round, (int)i);
    }
    return 0;
}

static int check_product(struct pool *pool, const struct kernels *kernels)
{
    enum { M = 200, N = 300, K = 100 };
    static float a[M * K], b[K * N], one[M * N], many[M * N];

    for (int i = 0; i < M * K; i++)
        a[i] = (float)(i % 17) - 8.0f;
    for (int i = 0; i < K * N; i++)
        b[i] = (float)(i % 13) * 0.1f;
    for (int round = 0; round < 10; round++) {
        kernels->gemm(NULL, M, N, K, a, K, false, b, N, false, one, N, false);
        kernels->gemm(pool, M, N, K, a, K, false, b, N, false, many, N, false);
        if (memcmp(one, many, sizeof one) != 0)
            return fprintf(stderr, "%s: threads changed a product\n", simd_name(kernels->level));
        a[round] += 1.0f;
    }
    return 0;
}

int main(void)
{
    struct error err;
    int bad = 0;

    for (int threads = 2; threads <= 4; threads++) {
        struct pool *pool;

        if (pool_new(threads, &pool, &err) != OK) {
            fprintf(stderr, "%s\n", err.text);
            return EXIT_FAILURE;
        }
        bad |= check_jobs(pool);
        for (int level = 0; level < SIMD_LEVELS; level++)
            if (simd_available((enum simd_level)level))
                bad |= check_product(pool, kernels_get((enum simd_level)level));
        pool_free(pool);
    }
    return bad != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
