/* products.c - every level that the processor has gives the same bits as the portable one: products of many
 * shapes and layouts, gathered ones, sums and the rest of kernels.h.
 *
 * A plain program, so that an emulator can run it without a test framework for its machine. Ends with 0 when
 * all is right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

enum { MOST = 70, AREA = MOST * MOST, SLACK = 3 };

static float a[AREA + MOST * SLACK], b[AREA + MOST * SLACK], before[AREA + MOST * SLACK];
static float wanted[AREA + MOST * SLACK], got[AREA + MOST * SLACK];
static int wrong, compared;

static void fill(float *x, int n, unsigned seed)
{
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(int)(seed >> 8) / 4194304.0f - 2.0f;
    }
}

static void same(const void *x, const void *y, size_t bytes, const char *level, const char *what, int m,
                 int n, int k)
{
    compared++;
    if (memcmp(x, y, bytes) == 0)
        return;
    wrong++;
    fprintf(stderr, "%s: %s %d x %d x %d: other bits than the portable ones\n", level, what, m, n, k);
}

static void check_product(const struct kernels *plain, const struct kernels *level, int m, int n, int k)
{
    int64_t k_at[MOST], n_at[MOST];

    for (int i = 0; i < k; i++)
        k_at[i] = (int64_t)i * n;
    for (int i = 0; i < n; i++)
        n_at[i] = n - 1 - i;
    for (int variant = 0; variant < 8; variant++) {
        const bool ta = variant & 1, tb = variant & 2, add = variant & 4;
        const int lda = (ta ? m : k) + SLACK, ldb = (tb ? k : n) + SLACK, ldc = n + SLACK;

        memcpy(wanted, before, sizeof before);
        memcpy(got, before, sizeof before);
        plain->gemm(NULL, m, n, k, a, lda, ta, b, ldb, tb, wanted, ldc, add);
        level->gemm(NULL, m, n, k, a, lda, ta, b, ldb, tb, got, ldc, add);
        same(wanted, got, sizeof got, simd_name(level->level), "a product of", m, n, k);
        if (tb)
            continue;
        plain->gemm_gather(m, n, k, a, lda, ta, b, k_at, n_at, wanted, ldc, add);
        level->gemm_gather(m, n, k, a, lda, ta, b, k_at, n_at, got, ldc, add);
        same(wanted, got, sizeof got, simd_name(level->level), "a gathered product of", m, n, k);
    }
}

static void check_rows(const struct kernels *plain, const struct kernels *level, int n)
{
    double x = plain->sum_squares(a, n), y = level->sum_squares(a, n);

    same(&x, &y, sizeof x, simd_name(level->level), "a sum of squares,", 1, 1, n);
    x = plain->sum_squares_diff(a, b, n);
    y = level->sum_squares_diff(a, b, n);
    same(&x, &y, sizeof x, simd_name(level->level), "a sum of squared differences,", 1, 1, n);
    memcpy(wanted, before, sizeof before);
    memcpy(got, before, sizeof before);
    plain->scale(wanted, n, 0.3f);
    level->scale(got, n, 0.3f);
    plain->add(wanted, a, n);
    level->add(got, a, n);
    same(wanted, got, sizeof got, simd_name(level->level), "scaled and added,", 1, 1, n);
    got[n / 2] = 0.0f / 0.0f;
    if (plain->count_nonfinite(got, n) != (n > 0) || level->count_nonfinite(got, n) != (n > 0))
        wrong++, fprintf(stderr, "%s: NaN in a row of %d is not counted\n", simd_name(level->level), n);
}

int main(void)
{
    static const int sizes[] = {1, 2, 3, 5, 8, 11, 13, 16, 18, 24, 33, 67};
    const int count = sizeof sizes / sizeof *sizes;
    const struct kernels *plain = kernels_get(SIMD_PORTABLE);

    fill(a, sizeof a / sizeof *a, 1);
    fill(b, sizeof b / sizeof *b, 2);
    fill(before, sizeof before / sizeof *before, 3);
    for (int l = SIMD_PORTABLE + 1; l < SIMD_LEVELS; l++) {
        if (!simd_available((enum simd_level)l))
            continue;
        for (int i = 0; i < count * count * count; i++)
            check_product(plain, kernels_get((enum simd_level)l), sizes[i % count], sizes[i / count % count],
                          sizes[i / count / count]);
        for (int n = 0; n < 100; n++)
            check_rows(plain, kernels_get((enum simd_level)l), n);
        printf("%s: %d comparisons, %d wrong\n", simd_name((enum simd_level)l), compared, wrong);
    }
    return wrong || !compared ? EXIT_FAILURE : EXIT_SUCCESS;
}
