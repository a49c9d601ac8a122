/* gemm_neon.c - tiles and transpose of the matrix product for NEON, which every aarch64 processor has.
 *
 * Does not choose levels (simd.c) and does not split the work (gemm.c). 32 registers of four floats: tiles
 * of 16x4, 12x8 and 8x12.
 */
#include "kernels/gemm.h"

#include <stddef.h>

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

enum { LANES = 4 };

/* NEON has no masks: the first N of four lanes go one by one, the others are 0. */
static inline __attribute__((always_inline)) float32x4_t load_some(const float *p, int n)
{
    float32x4_t x = vld1q_lane_f32(p, vdupq_n_f32(0.0f), 0);

    if (n > 1)
        x = vld1q_lane_f32(p + 1, x, 1);
    if (n > 2)
        x = vld1q_lane_f32(p + 2, x, 2);
    if (n > 3)
        x = vld1q_lane_f32(p + 3, x, 3);
    return x;
}

static inline __attribute__((always_inline)) void store_some(float *p, float32x4_t x, int n)
{
    vst1q_lane_f32(p, x, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, x, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, x, 2);
    if (n > 3)
        vst1q_lane_f32(p + 3, x, 3);
}

#define ROWS_8(X, v)            X(v, 1) X(v, 2) X(v, 3) X(v, 4) X(v, 5) X(v, 6) X(v, 7) X(v, 8)
#define ROWS_12(X, v)           ROWS_8(X, v) X(v, 9) X(v, 10) X(v, 11) X(v, 12)
#define ROWS_16(X, v)           ROWS_12(X, v) X(v, 13) X(v, 14) X(v, 15) X(v, 16)
#define TILE_NAME(vecs, rows)   TILE(vecs, rows),
#define GATHER_NAME(vecs, rows) GATHER(vecs, rows),
#define RUN_NAME(vecs, rows)    RUN(vecs, rows),

#define TILE_TARGET
#define VEC                     float32x4_t
#define MASK                    int
#define MASKS_COST              1
#define vec_zero()              vdupq_n_f32(0.0f)
#define vec_load(p)             vld1q_f32(p)
#define vec_load_some(p, m)     load_some(p, m)
#define vec_store(p, x)         vst1q_f32(p, x)
#define vec_store_some(p, x, m) store_some(p, x, m)
#define vec_all(p)              vld1q_dup_f32(p)
#define vec_add(x, y)           vaddq_f32(x, y)
#define vec_fma(a, b, c)        vfmaq_f32(c, a, b)
#define mask_first(n)           (n)
#define tile_body               tile_body_neon
#define TILE(vecs, rows)        tile_neon_##vecs##_##rows
#define GATHER(vecs, rows)      gather_neon_##vecs##_##rows
#define RUN(vecs, rows)         run_neon_##vecs##_##rows
#include "kernels/gemm_tile.h"

/* clang-format off */
ROWS_16(TILE_DEFINE, 1)
ROWS_12(TILE_DEFINE, 2)
ROWS_8(TILE_DEFINE, 3)
/* clang-format on */
static tile_fn *const neon_1[] = {ROWS_16(TILE_NAME, 1)};
static tile_fn *const neon_2[] = {ROWS_12(TILE_NAME, 2)};
static tile_fn *const neon_3[] = {ROWS_8(TILE_NAME, 3)};
static gather_fn *const gather_neon_1[] = {ROWS_16(GATHER_NAME, 1)};
static gather_fn *const run_neon_1[] = {ROWS_16(RUN_NAME, 1)};
static gather_fn *const gather_neon_2[] = {ROWS_12(GATHER_NAME, 2)};
static gather_fn *const run_neon_2[] = {ROWS_12(RUN_NAME, 2)};
static gather_fn *const gather_neon_3[] = {ROWS_8(GATHER_NAME, 3)};
static gather_fn *const run_neon_3[] = {ROWS_8(RUN_NAME, 3)};

/* ---- transpose: blocks of 4x4, the rest one by one -------------------------------------- */

static inline void put4(float *dst, float32x4_t x, bool add)
{
    vst1q_f32(dst, add ? vaddq_f32(vld1q_f32(dst), x) : x);
}

static inline void block_4x4(const float *s, int64_t row, float *d, int64_t to, bool add)
{
    const float32x4_t r0 = vld1q_f32(s), r1 = vld1q_f32(s + row);
    const float32x4_t r2 = vld1q_f32(s + 2 * row), r3 = vld1q_f32(s + 3 * row);
    const float32x4x2_t low = vtrnq_f32(r0, r1), high = vtrnq_f32(r2, r3);

    put4(d, vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0])), add);
    put4(d + to, vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1])), add);
    put4(d + 2 * to, vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0])), add);
    put4(d + 3 * to, vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1])), add);
}

static void elements(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                     int64_t dst_row, bool add)
{
    for (int64_t c = 0; c < cols; c++)
        for (int64_t r = 0; r < rows; r++) {
            float *d = dst + c * dst_row + r;

            *d = add ? *d + src[r * src_row + c] : src[r * src_row + c];
        }
}

static void gemm_transpose_neon(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                                int64_t dst_row, bool add)
{
    const int64_t rows4 = rows & -LANES, cols4 = cols & -LANES;

    for (int64_t r = 0; r < rows4; r += LANES)
        for (int64_t c = 0; c < cols4; c += LANES)
            block_4x4(src + r * src_row + c, src_row, dst + c * dst_row + r, dst_row, add);
    elements(rows4, cols - cols4, src + cols4, src_row, dst + cols4 * dst_row, dst_row, add);
    elements(rows - rows4, cols, src + rows4 * src_row, src_row, dst + rows4, dst_row, add);
}

const struct gemm_level gemm_neon = {
    .log2_lanes = 2,
    .max_vecs = 3,
    .max_rows = {0, 16, 12, 8},
    .tile = {NULL, neon_1, neon_2, neon_3},
    .gather = {NULL, gather_neon_1, gather_neon_2, gather_neon_3},
    .run = {NULL, run_neon_1, run_neon_2, run_neon_3},
    .transpose = gemm_transpose_neon,
};
#endif
