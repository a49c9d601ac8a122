/* reduce.c - sums of squares, counting, scaling, adding, at every SIMD level.
 *
 * A sum has 32 partial sums in double: element i goes to partial sum i % 32, and
 * at the end these are added in halves (16 onto 16, 8 onto 8, ...). That is four
 * AVX-512 registers, eight of AVX2 or sixteen of NEON, and the same additions in plain C, so the
 * bits are the same. Products are rounded before they are added: no fused
 * multiply-add here, which a machine may lack.
 */
#include "kernels/reduce.h"

#include <string.h>

#include "fell/kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { LANES = 32 };

/* x - y, or x alone where y is NULL, squared */
FELL_INLINE double square(const float *x, const float *y, int64_t i)
{
    double d = y != NULL ? (double)x[i] - (double)y[i] : (double)x[i];

    return d * d;
}

/* What is left from element I on, and the partial sums together. */
FELL_INLINE double finish(double *sum, const float *x, const float *y, int64_t i, int64_t n)
{
    for (int lane = 0; i < n; i++, lane++)
        sum[lane] += square(x, y, i);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++)
            sum[lane] += sum[lane + half];
    return sum[0];
}

FELL_INLINE double sum_portable(const float *x, const float *y, int64_t n)
{
    double sum[LANES] = {0};
    int64_t i = 0;

    for (; n - i >= LANES; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            sum[lane] += square(x, y, i + lane);
    return finish(sum, x, y, i, n);
}

#if defined(__x86_64__)
#define AVX2   __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

AVX2 FELL_INLINE double sum_avx2(const float *x, const float *y, int64_t n)
{
    double sum[LANES];
    __m256d s[LANES / 4];
    int64_t i = 0;

    for (int v = 0; v < LANES / 4; v++)
        s[v] = _mm256_setzero_pd();
    for (; n - i >= LANES; i += LANES)
        for (int v = 0; v < LANES / 4; v++) {
            __m256d d = _mm256_cvtps_pd(_mm_loadu_ps(x + i + 4 * v));

            if (y != NULL)
                d = _mm256_sub_pd(d, _mm256_cvtps_pd(_mm_loadu_ps(y + i + 4 * v)));
            s[v] = _mm256_add_pd(s[v], _mm256_mul_pd(d, d));
        }
    for (int v = 0; v < LANES / 4; v++)
        _mm256_storeu_pd(sum + 4 * v, s[v]);
    return finish(sum, x, y, i, n);
}

AVX512 FELL_INLINE double sum_avx512(const float *x, const float *y, int64_t n)
{
    double sum[LANES];
    __m512d s[LANES / 8];
    int64_t i = 0;

    for (int v = 0; v < LANES / 8; v++)
        s[v] = _mm512_setzero_pd();
    for (; n - i >= LANES; i += LANES)
        for (int v = 0; v < LANES / 8; v++) {
            __m512d d = _mm512_cvtps_pd(_mm256_loadu_ps(x + i + 8 * v));

            if (y != NULL)
                d = _mm512_sub_pd(d, _mm512_cvtps_pd(_mm256_loadu_ps(y + i + 8 * v)));
            s[v] = _mm512_add_pd(s[v], _mm512_mul_pd(d, d));
        }
    for (int v = 0; v < LANES / 8; v++)
        _mm512_storeu_pd(sum + 8 * v, s[v]);
    return finish(sum, x, y, i, n);
}
#elif defined(__aarch64__)
FELL_INLINE double sum_neon(const float *x, const float *y, int64_t n)
{
    double sum[LANES];
    float64x2_t s[LANES / 2];
    int64_t i = 0;

    for (int v = 0; v < LANES / 2; v++)
        s[v] = vdupq_n_f64(0.0);
    for (; n - i >= LANES; i += LANES)
        for (int v = 0; v < LANES / 2; v++) {
            float64x2_t d = vcvt_f64_f32(vld1_f32(x + i + 2 * v));

            if (y != NULL)
                d = vsubq_f64(d, vcvt_f64_f32(vld1_f32(y + i + 2 * v)));
            s[v] = vaddq_f64(s[v], vmulq_f64(d, d));
        }
    for (int v = 0; v < LANES / 2; v++)
        vst1q_f64(sum + 2 * v, s[v]);
    return finish(sum, x, y, i, n);
}
#endif

FELL_INLINE int64_t count(const float *x, int64_t n)
{
    int64_t total = 0;

    for (int64_t i = 0; i < n; i += 4096) {
        const int64_t end = n - i < 4096 ? n : i + 4096;
        int32_t found = 0; /* as wide as a float, for the vectoriser */

        for (int64_t j = i; j < end; j++) {
            uint32_t u;

            memcpy(&u, &x[j], sizeof u);
            found += (u & 0x7f800000u) == 0x7f800000u;
        }
        total += found;
    }
    return total;
}

FELL_INLINE void multiply(float *x, int64_t n, float factor)
{
    for (int64_t i = 0; i < n; i++)
        x[i] *= factor;
}

FELL_INLINE void add(float *dst, const float *src, int64_t n)
{
    FELL_EACH for (int64_t i = 0; i < n; i++) dst[i] += src[i];
}

/* The loops above at one level. */
#define REDUCE_DEFINE(level, TARGET)                                                                         \
    TARGET double sum_squares_##level(const float *x, int64_t n)                                             \
    {                                                                                                        \
        return sum_##level(x, NULL, n);                                                                      \
    }                                                                                                        \
    TARGET double sum_squares_diff_##level(const float *x, const float *y, int64_t n)                        \
    {                                                                                                        \
        return sum_##level(x, y, n);                                                                         \
    }                                                                                                        \
    TARGET int64_t count_nonfinite_##level(const float *x, int64_t n)                                        \
    {                                                                                                        \
        return count(x, n);                                                                                  \
    }                                                                                                        \
    TARGET void scale_##level(float *x, int64_t n, float factor)                                             \
    {                                                                                                        \
        multiply(x, n, factor);                                                                              \
    }                                                                                                        \
    TARGET void add_##level(float *dst, const float *src, int64_t n)                                         \
    {                                                                                                        \
        add(dst, src, n);                                                                                    \
    }

REDUCE_DEFINE(portable, )
#if defined(__x86_64__)
REDUCE_DEFINE(avx2, AVX2)
REDUCE_DEFINE(avx512, AVX512)
#elif defined(__aarch64__)
REDUCE_DEFINE(neon, )
#endif
