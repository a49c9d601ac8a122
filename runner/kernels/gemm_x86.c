/* gemm_x86.c - tiles of the matrix product for AVX2 with FMA and for AVX-512.
 *
 * Does not choose between them (simd.c) and does not split the work (gemm.c). Each
 * function carries its target, so the file needs no compiler flags.
 */
#include "kernels/gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define ROWS_6(X, v)            X(v, 1) X(v, 2) X(v, 3) X(v, 4) X(v, 5) X(v, 6)
#define ROWS_8(X, v)            ROWS_6(X, v) X(v, 7) X(v, 8)
#define ROWS_12(X, v)           ROWS_8(X, v) X(v, 9) X(v, 10) X(v, 11) X(v, 12)
#define ROWS_14(X, v)           ROWS_12(X, v) X(v, 13) X(v, 14)
#define ROWS_16(X, v)           ROWS_14(X, v) X(v, 15) X(v, 16)
#define TILE_NAME(vecs, rows)   TILE(vecs, rows),
#define GATHER_NAME(vecs, rows) GATHER(vecs, rows),
#define RUN_NAME(vecs, rows)    RUN(vecs, rows),

/* ---- AVX2: 16 registers, tiles of 6x16 and 12x8 ---------------------------------- */

#define TILE_TARGET             __attribute__((target("avx2,fma")))
#define VEC                     __m256
#define MASK                    __m256i
#define MASKS_COST              1
#define vec_zero                _mm256_setzero_ps
#define vec_load(p)             _mm256_loadu_ps(p)
#define vec_load_some(p, m)     _mm256_maskload_ps(p, m)
#define vec_store(p, x)         _mm256_storeu_ps(p, x)
#define vec_store_some(p, x, m) _mm256_maskstore_ps(p, m, x)
#define vec_all(p)              _mm256_broadcast_ss(p)
#define vec_add(x, y)           _mm256_add_ps(x, y)
#define vec_fma(a, b, c)        _mm256_fmadd_ps(a, b, c)
#define mask_first(n)           _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define tile_body               tile_body_avx2
#define TILE(vecs, rows)        tile_avx2_##vecs##_##rows
#define GATHER(vecs, rows)      gather_avx2_##vecs##_##rows
#define RUN(vecs, rows)         run_avx2_##vecs##_##rows
#include "kernels/gemm_tile.h"

/* clang-format off */
ROWS_12(TILE_DEFINE, 1)
ROWS_6(TILE_DEFINE, 2)
/* clang-format on */
static tile_fn *const avx2_1[] = {ROWS_12(TILE_NAME, 1)};
static tile_fn *const avx2_2[] = {ROWS_6(TILE_NAME, 2)};
static gather_fn *const gather_avx2_1[] = {ROWS_12(GATHER_NAME, 1)};
static gather_fn *const run_avx2_1[] = {ROWS_12(RUN_NAME, 1)};
static gather_fn *const gather_avx2_2[] = {ROWS_6(GATHER_NAME, 2)};
static gather_fn *const run_avx2_2[] = {ROWS_6(RUN_NAME, 2)};

#undef TILE_TARGET
#undef VEC
#undef MASK
#undef MASKS_COST
#undef vec_zero
#undef vec_load
#undef vec_load_some
#undef vec_store
#undef vec_store_some
#undef vec_all
#undef vec_add
#undef vec_fma
#undef mask_first
#undef tile_body
#undef TILE
#undef GATHER
#undef RUN
#undef TILE_DEFINE
#undef LOAD_LAST
#undef STORE_LAST
#undef FORGET

/* ---- AVX-512: 32 registers, tiles of 8x48, 14x32 and 16x16 ------------------------- */

#define TILE_TARGET             __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define VEC                     __m512
#define MASK                    __mmask16
#define MASKS_COST              0
#define vec_zero                _mm512_setzero_ps
#define vec_load(p)             _mm512_loadu_ps(p)
#define vec_load_some(p, m)     _mm512_maskz_loadu_ps(m, p)
#define vec_store(p, x)         _mm512_storeu_ps(p, x)
#define vec_store_some(p, x, m) _mm512_mask_storeu_ps(p, m, x)
#define vec_all(p)              _mm512_set1_ps(*(p))
#define vec_add(x, y)           _mm512_add_ps(x, y)
#define vec_fma(a, b, c)        _mm512_fmadd_ps(a, b, c)
#define mask_first(n)           ((__mmask16)(0xffffu >> (16 - (n))))
#define tile_body               tile_body_avx512
#define TILE(vecs, rows)        tile_avx512_##vecs##_##rows
#define GATHER(vecs, rows)      gather_avx512_##vecs##_##rows
#define RUN(vecs, rows)         run_avx512_##vecs##_##rows
#include "kernels/gemm_tile.h"

/* clang-format off */
ROWS_16(TILE_DEFINE, 1)
ROWS_14(TILE_DEFINE, 2)
ROWS_8(TILE_DEFINE, 3)
/* clang-format on */
static tile_fn *const avx512_1[] = {ROWS_16(TILE_NAME, 1)};
static tile_fn *const avx512_2[] = {ROWS_14(TILE_NAME, 2)};
static tile_fn *const avx512_3[] = {ROWS_8(TILE_NAME, 3)};
static gather_fn *const gather_avx512_1[] = {ROWS_16(GATHER_NAME, 1)};
static gather_fn *const run_avx512_1[] = {ROWS_16(RUN_NAME, 1)};
static gather_fn *const gather_avx512_2[] = {ROWS_14(GATHER_NAME, 2)};
static gather_fn *const run_avx512_2[] = {ROWS_14(RUN_NAME, 2)};
static gather_fn *const gather_avx512_3[] = {ROWS_8(GATHER_NAME, 3)};
static gather_fn *const run_avx512_3[] = {ROWS_8(RUN_NAME, 3)};

const struct gemm_level gemm_avx2 = {
    .log2_lanes = 3,
    .max_vecs = 2,
    .max_rows = {0, 12, 6, 0},
    .tile = {NULL, avx2_1, avx2_2, NULL},
    .gather = {NULL, gather_avx2_1, gather_avx2_2, NULL},
    .run = {NULL, run_avx2_1, run_avx2_2, NULL},
    .transpose = gemm_transpose_avx2,
};

const struct gemm_level gemm_avx512 = {
    .log2_lanes = 4,
    .max_vecs = 3,
    .max_rows = {0, 16, 14, 8},
    .tile = {NULL, avx512_1, avx512_2, avx512_3},
    .gather = {NULL, gather_avx512_1, gather_avx512_2, gather_avx512_3},
    .run = {NULL, run_avx512_1, run_avx512_2, run_avx512_3},
    .transpose = gemm_transpose_avx512,
};
#endif
