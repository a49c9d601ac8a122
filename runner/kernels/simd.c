/* simd.c - which SIMD level is in force, and the table of kernels for it.
 *
 * Asks the processor (and, through it, whether the system saves the registers) once for each call; nothing
 * is cached.
 */
#include "kernels/kernels.h"

#include <stddef.h>
#include <string.h>

#include "kernels/gemm.h"
#include "kernels/reduce.h"

static const char *const names[SIMD_LEVELS] = {"portable", "avx2", "avx512", "neon"};

const char *simd_name(enum simd_level level)
{
    return names[level];
}

bool simd_available(enum simd_level level)
{
    switch (level) {
    case SIMD_PORTABLE:
        return true;
#if defined(__x86_64__)
    case SIMD_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case SIMD_AVX512:
        return simd_available(SIMD_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case SIMD_NEON: /* part of the architecture */
        return true;
#endif
    default:
        return false;
    }
}

status simd_choose(const char *wanted, enum simd_level *level, struct error *err)
{
    if (wanted == NULL || *wanted == '\0') {
        *level = SIMD_PORTABLE;
        for (int l = 0; l < SIMD_LEVELS; l++) /* each better than those before it, where it is */
            if (simd_available((enum simd_level)l))
                *level = (enum simd_level)l;
        return OK;
    }
    for (int l = 0; l < SIMD_LEVELS; l++) {
        if (strcmp(wanted, names[l]) != 0)
            continue;
        if (!simd_available((enum simd_level)l))
            return error_set(err, "FELL_SIMD is '%s', which this processor does not have", wanted);
        *level = (enum simd_level)l;
        return OK;
    }
    return error_set(err, "FELL_SIMD is '%s'; it can be avx512, avx2, neon or portable", wanted);
}

/* ---- the tables ---------------------------------------------------------------------- */

#define LEVEL(suffix, value)                                                                                 \
    static void gemm_at_##suffix(struct pool *pool, int64_t m, int64_t n, int64_t k, const float *a,         \
                                 int64_t lda, bool ta, const float *b, int64_t ldb, bool tb, float *c,       \
                                 int64_t ldc, bool add)                                                      \
    {                                                                                                        \
        gemm_run(&gemm_##suffix, pool, m, n, k, a, lda, ta, b, ldb, tb, c, ldc, add);                        \
    }                                                                                                        \
    static void gather_at_##suffix(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, bool ta,    \
                                   const float *b, const int64_t *k_at, const int64_t *n_at, float *c,       \
                                   int64_t ldc, bool add)                                                    \
    {                                                                                                        \
        gemm_gather(&gemm_##suffix, m, n, k, a, lda, ta, b, k_at, n_at, c, ldc, add);                        \
    }                                                                                                        \
    static const struct kernels kernels_##suffix = {                                                         \
        .level = value,                                                                                      \
        .gemm = gemm_at_##suffix,                                                                            \
        .gemm_gather = gather_at_##suffix,                                                                   \
        .sum_squares = sum_squares_##suffix,                                                                 \
        .sum_squares_diff = sum_squares_diff_##suffix,                                                       \
        .count_nonfinite = count_nonfinite_##suffix,                                                         \
        .scale = scale_##suffix,                                                                             \
        .add = add_##suffix,                                                                                 \
    };

LEVEL(portable, SIMD_PORTABLE)
#if defined(__x86_64__)
LEVEL(avx2, SIMD_AVX2)
LEVEL(avx512, SIMD_AVX512)
#elif defined(__aarch64__)
LEVEL(neon, SIMD_NEON)
#endif

const struct kernels *kernels_get(enum simd_level level)
{
#if defined(__x86_64__)
    if (level == SIMD_AVX512)
        return &kernels_avx512;
    if (level == SIMD_AVX2)
        return &kernels_avx2;
#elif defined(__aarch64__)
    if (level == SIMD_NEON)
        return &kernels_neon;
#endif
    (void)level;
    return &kernels_portable;
}
