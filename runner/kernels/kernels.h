/* kernels.h - the engine's numeric loops, one table for each SIMD level.
 *
 * Every function gives the same bits at every level, at any thread count and
 * batch size: each output element of a matrix product is summed over k upwards
 * from zero by fused multiply-add; reductions use a fixed number of partial sums
 * in double, combined in a fixed order, whatever the vector width.
 */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernels/pool.h"

enum simd_level { SIMD_PORTABLE = 0, SIMD_AVX2 = 1, SIMD_AVX512 = 2, SIMD_NEON = 3, SIMD_LEVELS = 4 };

const char *simd_name(enum simd_level level); /* "portable", "avx2", "avx512", "neon" */
bool simd_available(enum simd_level level);   /* on this processor and system */

/* The level that WANTED (FELL_SIMD; NULL or "": the best there is) names. Errors:
 * unknown word (with the words there are), a level that the processor lacks. */
status simd_choose(const char *wanted, enum simd_level *level, struct error *err);

struct kernels {
    enum simd_level level;

    /* c[m,n] = A B, or += with ADD. A is a[m,k] with lda floats from row to row, or
     * with TA the transpose of a[k,m]; B likewise b[k,n] / b[n,k]. k = 0 gives
     * zeros. POOL may be NULL. c overlaps neither a nor b. */
    void (*gemm)(struct pool *pool, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, bool ta,
                 const float *b, int64_t ldb, bool tb, float *c, int64_t ldc, bool add);

    /* The same with B's element k,j at b[k_at[k] + n_at[j]]. Not shared out over a pool. */
    void (*gemm_gather)(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, bool ta, const float *b,
                        const int64_t *k_at, const int64_t *n_at, float *c, int64_t ldc, bool add);

    double (*sum_squares)(const float *x, int64_t n); /* sum x^2 */
    double (*sum_squares_diff)(const float *x, const float *y,
                               int64_t n); /* sum (x-y)^2, the difference in double */
    int64_t (*count_nonfinite)(const float *x, int64_t n);
    void (*scale)(float *x, int64_t n, float factor);     /* x *= factor */
    void (*add)(float *dst, const float *src, int64_t n); /* dst += src */
};

const struct kernels *kernels_get(enum simd_level level);

#endif
