/* peak.c - the floating-point peak of one core: independent fused multiply-adds in
 * registers, at AVX-512 and AVX2. Prints GFLOP/s of both as JSON.
 */
#include <immintrin.h>
#include <stdio.h>
#include <time.h>

enum { CHAINS = 12, ROUNDS = 30000000 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define PEAK(name, isa, V, set, fma, add, lanes)                                                             \
    __attribute__((target(isa))) static double name(volatile float *sink)                                    \
    {                                                                                                        \
        V acc[CHAINS], x = set(*sink), y = set(0.999f);                                                      \
        double start = now();                                                                                \
        for (int c = 0; c < CHAINS; c++)                                                                     \
            acc[c] = set((float)c);                                                                          \
        for (int i = 0; i < ROUNDS; i++)                                                                     \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) acc[c] = fma(acc[c], y, x);            \
        start = now() - start;                                                                               \
        for (int c = 1; c < CHAINS; c++)                                                                     \
            acc[0] = add(acc[0], acc[c]);                                                                    \
        *sink = *(float *)&acc[0];                                                                           \
        return 2.0 * lanes * CHAINS * (double)ROUNDS / start * 1e-9;                                         \
    }
PEAK(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps, 16)
PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, 8)

int main(void)
{
    volatile float sink = 1.0f;
    double wide = 0, narrow = 0;

    for (int i = 0; i < 3; i++) { /* the best of three: the core may have slept */
        double a = __builtin_cpu_supports("avx512f") ? peak_avx512(&sink) : 0;
        double b = __builtin_cpu_supports("fma") ? peak_avx2(&sink) : 0;

        wide = a > wide ? a : wide;
        narrow = b > narrow ? b : narrow;
    }
    printf("{\"avx512\": %.1f, \"avx2\": %.1f}\n", wide, narrow);
    return 0;
}
