/* gemm_transpose.c - transposes for the matrix product, AVX2 and AVX-512.
 *
 * They turn an operand whose elements along k stand side by side into a panel, and
 * a product that was computed turned into c. Used through struct gemm_level.
 */
#include "kernels/gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2   __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

/* ---- AVX2: blocks of 8x4 and 4x4, the rest one by one --------------------------------- */

AVX2 static inline void put8(float *dst, __m256 x, bool add)
{
    _mm256_storeu_ps(dst, add ? _mm256_add_ps(_mm256_loadu_ps(dst), x) : x);
}

AVX2 static inline void put4(float *dst, __m128 x, bool add)
{
    _mm_storeu_ps(dst, add ? _mm_add_ps(_mm_loadu_ps(dst), x) : x);
}

/* rows s and s + 4 * row, four columns of each */
AVX2 static inline __m256 two_rows(const float *s, int64_t row)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(s)), _mm_loadu_ps(s + 4 * row), 1);
}

AVX2 static inline void block_8x4(const float *s, int64_t row, float *d, int64_t to, bool add)
{
    __m256 r0 = two_rows(s, row), r1 = two_rows(s + row, row);
    __m256 r2 = two_rows(s + 2 * row, row), r3 = two_rows(s + 3 * row, row);
    __m256 t0 = _mm256_unpacklo_ps(r0, r1), t1 = _mm256_unpacklo_ps(r2, r3);
    __m256 t2 = _mm256_unpackhi_ps(r0, r1), t3 = _mm256_unpackhi_ps(r2, r3);

    put8(d, _mm256_shuffle_ps(t0, t1, 0x44), add);
    put8(d + to, _mm256_shuffle_ps(t0, t1, 0xee), add);
    put8(d + 2 * to, _mm256_shuffle_ps(t2, t3, 0x44), add);
    put8(d + 3 * to, _mm256_shuffle_ps(t2, t3, 0xee), add);
}

AVX2 static inline void block_4x4(const float *s, int64_t row, float *d, int64_t to, bool add)
{
    __m128 r0 = _mm_loadu_ps(s), r1 = _mm_loadu_ps(s + row);
    __m128 r2 = _mm_loadu_ps(s + 2 * row), r3 = _mm_loadu_ps(s + 3 * row);

    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    put4(d, r0, add);
    put4(d + to, r1, add);
    put4(d + 2 * to, r2, add);
    put4(d + 3 * to, r3, add);
}

/* One by one: what no block covers. */
static void elements(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                     int64_t dst_row, bool add)
{
    for (int64_t c = 0; c < cols; c++)
        for (int64_t r = 0; r < rows; r++) {
            float *d = dst + c * dst_row + r;

            *d = add ? *d + src[r * src_row + c] : src[r * src_row + c];
        }
}

/* Whole blocks of 8x4; COLS is a multiple of four. Returns the rows done. */
AVX2 static int64_t rows_of_8(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                              int64_t dst_row, bool add)
{
    int64_t r = 0;

    for (; rows - r >= 8; r += 8)
        for (int64_t c = 0; c < cols; c += 4)
            block_8x4(src + r * src_row + c, src_row, dst + c * dst_row + r, dst_row, add);
    return r;
}

AVX2 void gemm_transpose_avx2(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                              int64_t dst_row, bool add)
{
    const int64_t cols4 = cols & -4;
    int64_t r = rows_of_8(rows, cols4, src, src_row, dst, dst_row, add);

    if (rows - r >= 4) {
        for (int64_t c = 0; c < cols4; c += 4)
            block_4x4(src + r * src_row + c, src_row, dst + c * dst_row + r, dst_row, add);
        r += 4;
    }
    elements(rows - r, cols4, src + r * src_row, src_row, dst + r, dst_row, add);
    elements(rows, cols - cols4, src + cols4, src_row, dst + cols4 * dst_row, dst_row, add);
}

/* ---- AVX-512: blocks of 16x4, what is missing masked off -------------------------------- */

/* Four columns of rows i, 4 + i, 8 + i and 12 + i, as far as there are QUADS of rows. */
AVX512 static inline __m512 rows_apart(const float *s, const int64_t *at, int i, int quads, __mmask8 cols)
{
    __m512 x = _mm512_castps128_ps512(_mm_maskz_loadu_ps(cols, s + at[i]));

    if (quads > 1)
        x = _mm512_insertf32x4(x, _mm_maskz_loadu_ps(cols, s + at[4 + i]), 1);
    if (quads > 2) {
        x = _mm512_insertf32x4(x, _mm_maskz_loadu_ps(cols, s + at[8 + i]), 2);
        x = _mm512_insertf32x4(x, _mm_maskz_loadu_ps(cols, s + at[12 + i]), 3);
    }
    return x;
}

AVX512 static inline void put(float *dst, __m512 x, const int quads, __mmask16 rows, bool add)
{
    if (quads == 1) {
        __m128 y = _mm512_castps512_ps128(x);

        y = add ? _mm_add_ps(_mm_maskz_loadu_ps((__mmask8)rows, dst), y) : y;
        _mm_mask_storeu_ps(dst, (__mmask8)rows, y);
    } else if (quads == 2) {
        __m256 y = _mm512_castps512_ps256(x);

        y = add ? _mm256_add_ps(_mm256_maskz_loadu_ps((__mmask8)rows, dst), y) : y;
        _mm256_mask_storeu_ps(dst, (__mmask8)rows, y);
    } else {
        x = add ? _mm512_add_ps(_mm512_maskz_loadu_ps(rows, dst), x) : x;
        _mm512_mask_storeu_ps(dst, rows, x);
    }
}

/* X holds four columns of the rows; up to COLS of them go to d, d + to, ... */
AVX512 static inline void put_columns(const __m512 x[4], int64_t cols, float *d, int64_t to, const int quads,
                                      __mmask16 rows, bool add)
{
    __m512 t0 = _mm512_unpacklo_ps(x[0], x[1]), t1 = _mm512_unpacklo_ps(x[2], x[3]);
    __m512 t2 = _mm512_unpackhi_ps(x[0], x[1]), t3 = _mm512_unpackhi_ps(x[2], x[3]);

    put(d, _mm512_shuffle_ps(t0, t1, 0x44), quads, rows, add);
    if (cols > 1)
        put(d + to, _mm512_shuffle_ps(t0, t1, 0xee), quads, rows, add);
    if (cols > 2)
        put(d + 2 * to, _mm512_shuffle_ps(t2, t3, 0x44), quads, rows, add);
    if (cols > 3)
        put(d + 3 * to, _mm512_shuffle_ps(t2, t3, 0xee), quads, rows, add);
}

AVX512 static inline __attribute__((always_inline)) void strip(const int quads, int64_t rows, int64_t cols,
                                                               const float *src, int64_t src_row, float *dst,
                                                               int64_t dst_row, bool add)
{
    int64_t at[16];

    for (int i = 0; i < 4 * quads; i++)
        at[i] = (i < rows ? i : rows - 1) * src_row;
    for (int64_t c = 0; c < cols; c += 4) {
        const int64_t some = cols - c < 4 ? cols - c : 4;
        const __mmask8 mask = (__mmask8)(0xfu >> (4 - some));
        __m512 x[4];

        for (int i = 0; i < 4; i++)
            x[i] = rows_apart(src + c, at, i, quads, mask);
        put_columns(x, some, dst + c * dst_row, dst_row, quads, (__mmask16)(0xffffu >> (16 - rows)), add);
    }
}

/* A strip of up to 16 rows goes out in whole vectors, so that a tile which reads the
 * panel at once does not wait for halves of it. For long strips blocks of 8x4 are
 * faster. Rows of c that are a few floats long lie so near each other that a masked
 * store to one holds up the masked load of the next: these are added one by one. */
AVX512 void gemm_transpose_avx512(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                                  int64_t dst_row, bool add)
{
    if (cols >= 32 && rows >= 8) {
        const int64_t cols4 = cols & -4, done = rows_of_8(rows, cols4, src, src_row, dst, dst_row, add);

        elements(done, cols - cols4, src + cols4, src_row, dst + cols4 * dst_row, dst_row, add);
        src += done * src_row;
        dst += done;
        rows -= done;
    }
    if (add && (rows & 3) != 0) {
        const int64_t whole = rows & -4;

        elements(rows - whole, cols, src + whole * src_row, src_row, dst + whole, dst_row, add);
        rows = whole;
    }
    for (; rows > 8; rows -= 16, src += 16 * src_row, dst += 16)
        strip(4, rows < 16 ? rows : 16, cols, src, src_row, dst, dst_row, add);
    if (rows > 4)
        strip(2, rows, cols, src, src_row, dst, dst_row, add);
    else if (rows > 0)
        strip(1, rows, cols, src, src_row, dst, dst_row, add);
}
#endif
