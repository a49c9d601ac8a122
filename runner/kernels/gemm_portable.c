/* gemm_portable.c - tiles and transpose of the matrix product in plain C.
 *
 * Gives the bits of a fused multiply-add on machines that have none, without
 * calling libm for each element: the product of two floats is exact in double;
 * the sum is rounded to odd (Boldo and Melquiond, Emulation of FMA and correctly
 * rounded sums, 2008), after which rounding to float is the only rounding.
 */
#include "kernels/gemm.h"

#include <math.h>
#include <string.h>

enum { LOG2_LANES = 3, LANES = 1 << LOG2_LANES, ROWS = 4 };

/* fma(a, b, c) rounded to float. All are floats; they travel as doubles to save
 * conversions. 53 bits are enough, being more than 24 + 1 below the place where
 * the result is rounded (Boldo and Melquiond, theorem 2). */
static inline double fused(double a, double b, double c)
{
#if defined(FP_FAST_FMAF)
    return (double)fmaf((float)a, (float)b, (float)c);
#else
    double product = a * b, sum = product + c;
    double part = sum - product, lost = (product - (sum - part)) + (c - part); /* 2Sum */
    int64_t bits, sign, odd;

    memcpy(&bits, &sum, sizeof bits);
    memcpy(&sign, &lost, sizeof sign);
    odd = (bits - (int64_t)((uint64_t)(bits ^ sign) >> 63)) | 1; /* cut off, and odd */
    bits = fabs(lost) > 0.0 ? odd : bits;                        /* not if exact, infinite or NaN */
    memcpy(&sum, &bits, sizeof sum);
    return (double)(float)sum;
#endif
}

static inline void tile(const enum tile_kind kind, const int rows, int64_t k, const float *p, int64_t p_row,
                        int64_t p_k, const int64_t *row_at, const int64_t *k_at, const float *q, int64_t q_k,
                        float *c, int64_t c_row, int last, enum tile_mode mode)
{
    double sum[ROWS][LANES] = {{0}}, b[LANES] = {0};

    if (mode == TILE_RESUME)
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < last; j++)
                sum[r][j] = (double)c[r * c_row + j];
    for (int64_t i = 0; i < k; i++) {
        for (int j = 0; j < last; j++)
            b[j] = (double)q[i * q_k + j];
        for (int r = 0; r < rows; r++) {
            const double a = (double)
                p[kind == TILE_STRIDED ? r * p_row + i * p_k : k_at[i] + (kind == TILE_RUN ? r : row_at[r])];

            for (int j = 0; j < LANES; j++)
                sum[r][j] = fused(a, b[j], sum[r][j]);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < last; j++) {
            float *d = c + r * c_row + j;

            *d = mode == TILE_ADD ? *d + (float)sum[r][j] : (float)sum[r][j];
        }
}

#define TILE(rows)                                                                                           \
    static void tile_##rows(int64_t k, const float *p, int64_t p_row, int64_t p_k, const float *q,           \
                            int64_t q_k, float *c, int64_t c_row, int last, enum tile_mode mode)             \
    {                                                                                                        \
        tile(TILE_STRIDED, rows, k, p, p_row, p_k, NULL, NULL, q, q_k, c, c_row, last, mode);                \
    }                                                                                                        \
    static void run_##rows(int64_t k, const float *p, const int64_t *row_at, const int64_t *k_at,            \
                           const float *q, int64_t q_k, float *c, int64_t c_row, int last,                   \
                           enum tile_mode mode)                                                              \
    {                                                                                                        \
        tile(TILE_RUN, rows, k, p, 0, 0, row_at, k_at, q, q_k, c, c_row, last, mode);                        \
    }                                                                                                        \
    static void gather_##rows(int64_t k, const float *p, const int64_t *row_at, const int64_t *k_at,         \
                              const float *q, int64_t q_k, float *c, int64_t c_row, int last,                \
                              enum tile_mode mode)                                                           \
    {                                                                                                        \
        tile(TILE_GATHER, rows, k, p, 0, 0, row_at, k_at, q, q_k, c, c_row, last, mode);                     \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
static tile_fn *const tiles[ROWS] = {tile_1, tile_2, tile_3, tile_4};
static gather_fn *const gathers[ROWS] = {gather_1, gather_2, gather_3, gather_4};
static gather_fn *const runs[ROWS] = {run_1, run_2, run_3, run_4};

static void transpose(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                      int64_t dst_row, bool add)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) {
            float *d = dst + c * dst_row + r;

            *d = add ? *d + src[r * src_row + c] : src[r * src_row + c];
        }
}

const struct gemm_level gemm_portable = {
    .log2_lanes = LOG2_LANES,
    .max_vecs = 1,
    .max_rows = {0, ROWS, 0, 0},
    .tile = {NULL, tiles, NULL, NULL},
    .gather = {NULL, gathers, NULL, NULL},
    .run = {NULL, runs, NULL, NULL},
    .transpose = transpose,
};
