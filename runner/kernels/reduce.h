/* reduce.h - sums and elementwise loops of struct kernels, one for each level.
 *
 * kernels.h says what they do. Included by simd.c and reduce.c alone.
 */
#ifndef KERNELS_REDUCE_H
#define KERNELS_REDUCE_H

#include <stdint.h>

#define REDUCE_DECLARE(level)                                                                                \
    double sum_squares_##level(const float *x, int64_t n);                                                   \
    double sum_squares_diff_##level(const float *x, const float *y, int64_t n);                              \
    int64_t count_nonfinite_##level(const float *x, int64_t n);                                              \
    void scale_##level(float *x, int64_t n, float factor);                                                   \
    void add_##level(float *dst, const float *src, int64_t n);

REDUCE_DECLARE(portable)
#if defined(__x86_64__)
REDUCE_DECLARE(avx2)
REDUCE_DECLARE(avx512)
#elif defined(__aarch64__)
REDUCE_DECLARE(neon)
#endif

#endif
