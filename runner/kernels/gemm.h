/* gemm.h - what the matrix product's driver (gemm.c) needs of a SIMD level.
 *
 * A level offers tiles: functions that compute a few rows by a few vectors of the
 * product in registers, and a transpose. Everything else is the driver's. Files of
 * runner/kernels include this, others include kernels.h.
 *
 * A tile takes every element from its start to its end over k upwards by fused
 * multiply-add, so which tile computes an element changes no bit of it.
 */
#ifndef KERNELS_GEMM_H
#define KERNELS_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum tile_mode {
    TILE_STORE, /* c = sum, the sum from zero */
    TILE_ADD,   /* c += sum, the sum from zero */
    TILE_RESUME /* the sum goes on from c, where an earlier block of k left it */
};

/* c[rows][cols] from p[rows][k] (element r,i at r*p_row + i*p_k) and q[k][cols]
 * (i,j at i*q_k + j). LAST is the number of columns in the last vector, 1..lanes;
 * nothing beyond is read or written. */
typedef void tile_fn(int64_t k, const float *p, int64_t p_row, int64_t p_k, const float *q, int64_t q_k,
                     float *c, int64_t c_row, int last, enum tile_mode mode);

enum tile_kind {
    TILE_STRIDED,
    TILE_RUN,   /* element r,i of p at k_at[i] + r; row_at is not read */
    TILE_GATHER /* element r,i of p at k_at[i] + row_at[r] */
};

/* A tile that gathers p's elements. */
typedef void gather_fn(int64_t k, const float *p, const int64_t *row_at, const int64_t *k_at, const float *q,
                       int64_t q_k, float *c, int64_t c_row, int last, enum tile_mode mode);

/* dst[cols][rows] = or, with ADD, += the transpose of src[rows][cols]. */
typedef void transpose_fn(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                          int64_t dst_row, bool add);

enum { TILE_MAX_VECS = 3 };

struct gemm_level {
    int log2_lanes;                              /* of the floats in a vector */
    int max_vecs;                                /* widest tile, in vectors */
    int max_rows[TILE_MAX_VECS + 1];             /* tallest tile of each width */
    tile_fn *const *tile[TILE_MAX_VECS + 1];     /* [vecs][rows - 1] */
    gather_fn *const *gather[TILE_MAX_VECS + 1]; /* likewise, of TILE_GATHER */
    gather_fn *const *run[TILE_MAX_VECS + 1];    /* of TILE_RUN */
    transpose_fn *transpose;
};

extern const struct gemm_level gemm_portable;
#if defined(__x86_64__)
extern const struct gemm_level gemm_avx2;
extern const struct gemm_level gemm_avx512;
transpose_fn gemm_transpose_avx2, gemm_transpose_avx512;
#elif defined(__aarch64__)
extern const struct gemm_level gemm_neon;
#endif

/* kernels.h's gemm_gather on LEVEL. */
void gemm_gather(const struct gemm_level *level, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                 bool ta, const float *b, const int64_t *k_at, const int64_t *n_at, float *c, int64_t ldc,
                 bool add);

/* kernels.h's gemm on LEVEL. */
void gemm_run(const struct gemm_level *level, struct pool *pool, int64_t m, int64_t n, int64_t k,
              const float *a, int64_t lda, bool ta, const float *b, int64_t ldb, bool tb, float *c,
              int64_t ldc, bool add);

#endif
