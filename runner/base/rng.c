/* rng.c - Philox4x32-10 streams: words, uniform and normal numbers, shuffles. See rng.h.
 *
 * The counter of a block of four words holds everything but the seed, which is the
 * key: word 0 and the low byte of word 1 count blocks, then come purpose (8 bits) and
 * the step (16 + 32 bits), and word 3 is the instance. Nothing here calls libm, whose
 * sine and logarithm differ between versions; sqrtf is exact by IEEE 754.
 */
#include "base/rng.h"

#include <math.h>
#include <string.h>

#include <Random123/philox.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "fell/math.h"

enum { BLOCK = 4, BATCH = 1024, ROUNDS = 10 };

struct rng_stream rng_stream(uint64_t seed, enum rng_purpose purpose, uint32_t instance, uint64_t step)
{
    struct rng_stream s = {.seed = seed, .purpose = (uint32_t)purpose, .instance = instance, .step = step};

    return s;
}

static philox4x32_ctr_t counter_at(const struct rng_stream *s, uint64_t block)
{
    philox4x32_ctr_t counter = {
        {(uint32_t)block,
         (uint32_t)(block >> 32 & 0xff) | (s->purpose & 0xff) << 8 | (uint32_t)(s->step >> 32 & 0xffff) << 16,
         (uint32_t)s->step, s->instance}};

    return counter;
}

static philox4x32_ctr_t block_at(const struct rng_stream *s, uint64_t block)
{
    philox4x32_key_t key = {{(uint32_t)s->seed, (uint32_t)(s->seed >> 32)}};

    return philox4x32_R(ROUNDS, counter_at(s, block), key);
}

#if defined(__x86_64__)
static const uint64_t counting[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* COUNT blocks, a multiple of as many as V has words of 64 bits, from the block FIRST on: Philox as Random123
 * has it, with one word of each block in the lower half of a lane; what is in the upper half is not read. */
#define SIDE_BY_SIDE(name, isa, V, add, multiply, xor, both, either, right, left, all)                       \
    __attribute__((target(isa))) static void name(const struct rng_stream *s, uint64_t first, int64_t count, \
                                                  uint32_t *dst)                                             \
    {                                                                                                        \
        enum { LANES = sizeof(V) / sizeof(uint64_t) };                                                       \
        for (int64_t at = 0; at < count; at += LANES) {                                                      \
            uint64_t word[2][LANES];                                                                         \
            const philox4x32_ctr_t c = counter_at(s, 0);                                                     \
            uint32_t key0 = (uint32_t)s->seed, key1 = (uint32_t)(s->seed >> 32);                             \
            V x[BLOCK];                                                                                      \
            memcpy(x, counting, sizeof *x);                                                                  \
            x[0] = add(x[0], all((int64_t)first + at));                                                      \
            x[1] = either(both(right(x[0], 32), all(0xff)), all(c.v[1]));                                    \
            x[2] = all(c.v[2]);                                                                              \
            x[3] = all(c.v[3]);                                                                              \
            for (int round = 0; round < ROUNDS; round++) {                                                   \
                const V p = multiply(x[0], all(PHILOX_M4x32_0)), q = multiply(x[2], all(PHILOX_M4x32_1));    \
                x[0] = xor(xor(right(q, 32), x[1]), all(key0));                                              \
                x[1] = q;                                                                                    \
                x[2] = xor(xor(right(p, 32), x[3]), all(key1));                                              \
                x[3] = p;                                                                                    \
                key0 += PHILOX_W32_0;                                                                        \
                key1 += PHILOX_W32_1;                                                                        \
            }                                                                                                \
            for (int w = 0; w < 2; w++)                                                                      \
                x[w] = either(both(x[2 * w], all(UINT32_MAX)), left(x[2 * w + 1], 32));                      \
            memcpy(word, x, sizeof word);                                                                    \
            for (int i = 0; i < LANES; i++)                                                                  \
                for (int w = 0; w < 2; w++)                                                                  \
                    memcpy(dst + (at + i) * BLOCK + 2 * w, &word[w][i], sizeof word[w][i]);                  \
        }                                                                                                    \
    }

SIDE_BY_SIDE(eight_avx512, "avx512f", __m512i, _mm512_add_epi64, _mm512_mul_epu32, _mm512_xor_si512,
             _mm512_and_si512, _mm512_or_si512, _mm512_srli_epi64, _mm512_slli_epi64, _mm512_set1_epi64)
SIDE_BY_SIDE(four_avx2, "avx2", __m256i, _mm256_add_epi64, _mm256_mul_epu32, _mm256_xor_si256,
             _mm256_and_si256, _mm256_or_si256, _mm256_srli_epi64, _mm256_slli_epi64, _mm256_set1_epi64x)
#endif

/* COUNT blocks from the block FIRST on: the same however many are made at once. */
static void make_blocks(const struct rng_stream *s, uint64_t first, int64_t count, uint32_t *dst)
{
    int64_t done = 0;

#if defined(__x86_64__)
    done = count - count % 8;
    if (done > 0 && __builtin_cpu_supports("avx512f"))
        eight_avx512(s, first, done, dst);
    else if (done > 0 && __builtin_cpu_supports("avx2"))
        four_avx2(s, first, done, dst);
    else
        done = 0;
#endif
    for (; done < count; done++) {
        const philox4x32_ctr_t r = block_at(s, first + (uint64_t)done);

        memcpy(dst + done * BLOCK, r.v, sizeof r.v);
    }
}

/* The next n words, whole blocks straight to their place. */
static void draw(struct rng_stream *s, uint32_t *dst, int64_t n)
{
    int64_t i = 0;

    while (i < n) {
        if (s->position % BLOCK == 0) {
            const int64_t blocks = (n - i) / BLOCK;

            make_blocks(s, s->position / BLOCK, blocks, dst + i);
            i += blocks * BLOCK;
            s->position += (uint64_t)(blocks * BLOCK);
            if (i == n)
                break;
        }
        philox4x32_ctr_t r = block_at(s, s->position / BLOCK);
        int64_t from = (int64_t)(s->position % BLOCK);
        int64_t take = BLOCK - from < n - i ? BLOCK - from : n - i;

        memcpy(dst + i, r.v + from, (size_t)take * sizeof *dst);
        i += take;
        s->position += (uint64_t)take;
    }
}

uint32_t rng_u32(struct rng_stream *s)
{
    uint32_t word;

    draw(s, &word, 1);
    return word;
}

/* Words taken one by one, drawn several at a time: `ahead` of them, as long as the
 * caller expects to need them. The stream stands behind what was drawn. */
struct reader {
    struct rng_stream *stream;
    int64_t ahead, at, have;
    uint32_t word[64];
};

static uint32_t next_word(struct reader *r)
{
    if (r->at == r->have) {
        r->have = r->ahead < 1 ? 1 : r->ahead < 64 ? r->ahead : 64;
        r->at = 0;
        draw(r->stream, r->word, r->have);
    }
    r->ahead--;
    return r->word[r->at++];
}

/* Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019): from one
 * word where that is enough, else from two. */
static uint64_t below(struct reader *r, uint64_t n)
{
    uint64_t narrow, word;
    unsigned __int128 wide;

    if (n <= UINT32_MAX) {
        do
            narrow = next_word(r) * n;
        while ((uint32_t)narrow < n && (uint32_t)narrow < (uint32_t)(0x100000000u % (n ? n : 1)));
        return narrow >> 32;
    }
    do {
        word = next_word(r);
        word |= (uint64_t)next_word(r) << 32;
        wide = (unsigned __int128)word * n;
    } while ((uint64_t)wide < n && (uint64_t)wide < (0 - n) % n);
    return (uint64_t)(wide >> 64);
}

static struct reader reader_of(struct rng_stream *s, int64_t ahead)
{
    struct reader r;

    r.stream = s;
    r.ahead = ahead;
    r.at = r.have = 0;
    return r;
}

uint64_t rng_below(struct rng_stream *s, uint64_t n)
{
    struct reader r = reader_of(s, 1);

    return below(&r, n);
}

void rng_uniform(struct rng_stream *s, float *dst, int64_t n)
{
    uint32_t word[BATCH];

    while (n > 0) {
        int64_t take = n < BATCH ? n : BATCH;

        draw(s, word, take);
        for (int64_t i = 0; i < take; i++)
            dst[i] = (float)(int32_t)(word[i] >> 8) * 0x1p-24f;
        dst += take;
        n -= take;
    }
}

/* Two normal numbers from two words (Box and Muller 1958): the radius from the first,
 * u in (0,1], the angle 2 pi t from the second. The angle is cut to an eighth of a
 * turn, where the Taylor series of sine and cosine are good to a float's last place. */
static inline void box_muller(uint32_t a, uint32_t b, float *x, float *y)
{
    float u = (float)(int32_t)((a >> 8) + 1) * 0x1p-24f;
    float t = (float)(int32_t)(b >> 8) * 0x1p-24f;
    float radius = sqrtf(-2.0f * fell_log(u));
    int32_t quarter = (int32_t)(t * 4.0f + 0.5f);
    float angle = (t - (float)quarter * 0.25f) * 6.28318530718f; /* exact up to the product */
    float z = angle * angle;
    float sine =
        angle * (1.0f + z * (-1.0f / 6 + z * (1.0f / 120 + z * (-1.0f / 5040 + z * (1.0f / 362880)))));
    float cosine =
        1.0f + z * (-0.5f + z * (1.0f / 24 + z * (-1.0f / 720 + z * (1.0f / 40320 - z * (1.0f / 3628800)))));
    float c = quarter & 1 ? sine : cosine, d = quarter & 1 ? cosine : sine;

    /* quarter turns: (cos, sin) -> (-sin, cos) -> (-cos, -sin) -> (sin, -cos) */
    *x = radius * ((quarter + 1) & 2 ? -c : c);
    *y = radius * (quarter & 2 ? -d : d);
}

/* Number i of a stream is one half of the pair i / 2, so that two short calls give
 * what one long call gives. */
void rng_normal(struct rng_stream *s, float *dst, int64_t n)
{
    uint32_t word[BATCH];
    float pair[BATCH];

    while (n > 0) {
        int64_t skip = (int64_t)(s->position & 1);
        int64_t take = n < BATCH - skip ? n : BATCH - skip;
        int64_t words = (skip + take + 1) & ~(int64_t)1;
        uint64_t end = s->position + (uint64_t)take;

        s->position -= (uint64_t)skip;
        draw(s, word, words);
        for (int64_t i = 0; i < words; i += 2)
            box_muller(word[i], word[i + 1], &pair[i], &pair[i + 1]);
        memcpy(dst, pair + skip, (size_t)take * sizeof *dst);
        s->position = end;
        dst += take;
        n -= take;
    }
}

void rng_shuffle(struct rng_stream *s, int64_t *v, int64_t n)
{
    struct reader r = reader_of(s, n - 1);

    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)below(&r, (uint64_t)i + 1);
        int64_t keep = v[i];

        v[i] = v[j];
        v[j] = keep;
    }
}
