/* gemm_tile.h - the register tile, written once for vectors of any width.
 *
 * gemm_x86.c and gemm_neon.c include it for each level, with these defined before:
 *     TILE_TARGET            the attribute that allows the instructions
 *     VEC, MASK              types of a vector and of a mask over its lanes
 *     MASKS_COST             1 if full vectors are better loaded without a mask
 *     vec_zero, vec_load, vec_load_some, vec_store, vec_store_some, vec_all,
 *     vec_add, vec_fma, mask_first
 *     tile_body, TILE(vecs, rows), RUN(vecs, rows), GATHER(vecs, rows)   names of what is defined
 */

/* The compiler is not to work out all row addresses of c beforehand: they would
 * push the sums, or the loop's pointers, out of the registers. */
#define FORGET(pointer) __asm__("" : "+r"(pointer))

/* The last vector of a row, which may be cut short. */
#define LOAD_LAST(p)     (whole ? vec_load(p) : vec_load_some(p, some))
#define STORE_LAST(p, x) (whole ? vec_store(p, x) : vec_store_some(p, x, some))

/* The formatter takes UNROLL for the start of a statement. */
/* clang-format off */

/* ROWS, VECS and WHOLE are constants wherever this is called, and every loop but that
 * over k unrolls: the sums live in registers. Rows are addressed from one pointer
 * for three of them, which is what x86 can do without spending a register each. What
 * kind of tile, and so which of p's arguments count, is a constant as well. Longer than 60 lines: the sums
 * stay in registers in one function alone. */
TILE_TARGET static inline __attribute__((always_inline)) void
tile_body(const enum tile_kind kind, const int vecs, const int rows, const bool whole, int64_t k, const float *p, int64_t p_row,
          int64_t p_k, const int64_t *row_at, const int64_t *k_at, const float *q, int64_t q_k, float *c,
          int64_t c_row, int last, enum tile_mode mode)
{
    const MASK some = mask_first(last);
    const int lanes = (int)(sizeof(VEC) / sizeof(float)), tail = (vecs - 1) * lanes;
    VEC sum[16][3];
    const float *third[6];
    float *at = c;

    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vecs; v++)
            sum[r][v] = vec_zero();
    if (mode == TILE_RESUME) {
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < vecs - 1; v++)
                sum[r][v] = vec_load(at + v * lanes);
            sum[r][vecs - 1] = LOAD_LAST(at + tail);
            at += c_row;
            FORGET(at);
        }
    }
    UNROLL for (int r = 0; r < rows; r += 3)
        third[r / 3] = p + r * p_row;
    for (int64_t i = 0; i < k; i++) {
        const float *from = kind == TILE_STRIDED ? NULL : p + k_at[i];
        VEC b[3];

        UNROLL for (int v = 0; v < vecs - 1; v++)
            b[v] = vec_load(q + v * lanes);
        b[vecs - 1] = LOAD_LAST(q + tail);
        UNROLL for (int r = 0; r < rows; r++) {
            VEC a = vec_all(kind == TILE_STRIDED ? third[r / 3] + r % 3 * p_row
                            : kind == TILE_RUN   ? from + r
                                                 : from + row_at[r]);

            UNROLL for (int v = 0; v < vecs; v++)
                sum[r][v] = vec_fma(a, b[v], sum[r][v]);
        }
        UNROLL for (int r = 0; r < rows; r += 3)
            third[r / 3] += p_k;
        q += q_k;
    }
    if (mode == TILE_ADD) {
        at = c;
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < vecs - 1; v++)
                sum[r][v] = vec_add(vec_load(at + v * lanes), sum[r][v]);
            sum[r][vecs - 1] = vec_add(LOAD_LAST(at + tail), sum[r][vecs - 1]);
            at += c_row;
            FORGET(at);
        }
    }
    at = c;
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vecs - 1; v++)
            vec_store(at + v * lanes, sum[r][v]);
        STORE_LAST(at + tail, sum[r][vecs - 1]);
        at += c_row;
        FORGET(at);
    }
}

/* clang-format on */

#define TILE_DEFINE(vecs, rows)                                                                              \
    TILE_TARGET static void TILE(vecs, rows)(int64_t k, const float *p, int64_t p_row, int64_t p_k,          \
                                             const float *q, int64_t q_k, float *c, int64_t c_row, int last, \
                                             enum tile_mode mode)                                            \
    {                                                                                                        \
        if (MASKS_COST && last == (int)(sizeof(VEC) / sizeof(float)))                                        \
            tile_body(TILE_STRIDED, vecs, rows, true, k, p, p_row, p_k, NULL, NULL, q, q_k, c, c_row, last,  \
                      mode);                                                                                 \
        else                                                                                                 \
            tile_body(TILE_STRIDED, vecs, rows, false, k, p, p_row, p_k, NULL, NULL, q, q_k, c, c_row, last, \
                      mode);                                                                                 \
    }                                                                                                        \
    TILE_TARGET static void RUN(vecs, rows)(int64_t k, const float *p, const int64_t *row_at,                \
                                            const int64_t *k_at, const float *q, int64_t q_k, float *c,      \
                                            int64_t c_row, int last, enum tile_mode mode)                    \
    {                                                                                                        \
        if (MASKS_COST && last == (int)(sizeof(VEC) / sizeof(float)))                                        \
            tile_body(TILE_RUN, vecs, rows, true, k, p, 0, 0, row_at, k_at, q, q_k, c, c_row, last, mode);   \
        else                                                                                                 \
            tile_body(TILE_RUN, vecs, rows, false, k, p, 0, 0, row_at, k_at, q, q_k, c, c_row, last, mode);  \
    }                                                                                                        \
    TILE_TARGET static void GATHER(vecs, rows)(int64_t k, const float *p, const int64_t *row_at,             \
                                               const int64_t *k_at, const float *q, int64_t q_k, float *c,   \
                                               int64_t c_row, int last, enum tile_mode mode)                 \
    {                                                                                                        \
        if (MASKS_COST && last == (int)(sizeof(VEC) / sizeof(float)))                                        \
            tile_body(TILE_GATHER, vecs, rows, true, k, p, 0, 0, row_at, k_at, q, q_k, c, c_row, last,       \
                      mode);                                                                                 \
        else                                                                                                 \
            tile_body(TILE_GATHER, vecs, rows, false, k, p, 0, 0, row_at, k_at, q, q_k, c, c_row, last,      \
                      mode);                                                                                 \
    }
