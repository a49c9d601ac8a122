/* test_rng.c - the random streams of base/rng.h: Philox's published vectors, bits that
 * depend on nothing but the counter, and distributions.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, result. The fields of a
 * stream are packed so that every counter can be reached through them. */
Test(rng, philox_known_answers)
{
    static const struct {
        struct rng_stream stream;
        uint32_t expected[4];
    } cases[] = {
        {{.seed = 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{.seed = UINT64_MAX,
          .purpose = 0xff,
          .instance = UINT32_MAX,
          .step = 0xffffffffffff,
          .position = 0xffffffffff * 4},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{.seed = 0x299f31d0a4093822,
          .purpose = 0x08,
          .instance = 0x03707344,
          .step = 0x85a313198a2e,
          .position = 0xd3243f6a88 * 4},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rng_stream s = cases[i].stream;

        for (size_t k = 0; k < 4; k++)
            cr_expect_eq(rng_u32(&s), cases[i].expected[k], "case %zu, word %zu", i, k);
    }
}

/* Numbers N of one long call, whatever the pieces they are drawn in. */
static void expect_pieces(void (*draw)(struct rng_stream *, float *, int64_t), const char *what)
{
    enum { N = 1500 };
    static const int64_t pieces[] = {1, 2, 3, 4, 5, 7, 64, 255, 256, 257};
    float whole[N], parts[N];
    struct rng_stream s = rng_stream(7, RNG_LAYER, 2, 9);

    draw(&s, whole, N);
    cr_expect_eq(s.position, N, "%s: a number is a word", what);
    for (size_t p = 0; p < COUNT(pieces); p++) {
        s = rng_stream(7, RNG_LAYER, 2, 9);
        for (int64_t i = 0; i < N; i += pieces[p])
            draw(&s, parts + i, N - i < pieces[p] ? N - i : pieces[p]);
        cr_expect_arr_eq(parts, whole, sizeof whole, "%s in pieces of %lld", what, (long long)pieces[p]);
        s = rng_stream(7, RNG_LAYER, 2, 9);
        s.position = (uint64_t)pieces[p];
        draw(&s, parts, 9);
        cr_expect_arr_eq(parts, whole + pieces[p], 9 * sizeof *parts, "%s entered at %lld", what,
                         (long long)pieces[p]);
    }
}

Test(rng, pieces_do_not_matter)
{
    expect_pieces(rng_uniform, "uniform");
    expect_pieces(rng_normal, "normal");
}

/* What is drawn several blocks at a time is what is drawn word by word, also where the count of blocks
 * goes over 32 bits and where it begins anew. */
Test(rng, many_words_are_single_words)
{
    static const uint64_t from[] = {0, 3, (UINT64_C(1) << 34) - 70, (UINT64_C(1) << 42) - 90};
    const uint64_t seed = UINT64_C(0x123456789abcdef0);

    for (size_t i = 0; i < COUNT(from); i++) {
        struct rng_stream many = rng_stream(seed, RNG_LAYER, 7, UINT64_C(0xabcdef012345)), one = many;
        float x[301];

        many.position = one.position = from[i];
        rng_uniform(&many, x, COUNT(x));
        for (size_t j = 0; j < COUNT(x); j++) {
            const float u = (float)(rng_u32(&one) >> 8) * 0x1p-24f;

            cr_assert_eq(x[j], u, "from %llu: number %zu is %g, not %g", (unsigned long long)from[i], j,
                         (double)x[j], (double)u);
        }
        cr_expect_eq(many.position, one.position);
    }
}

Test(rng, every_field_makes_another_stream)
{
    const struct rng_stream streams[] = {
        rng_stream(1, RNG_INIT, 0, 0),
        rng_stream(2, RNG_INIT, 0, 0),
        rng_stream(1, RNG_LAYER, 0, 0),
        rng_stream(1, RNG_INIT, 1, 0),
        rng_stream(1, RNG_INIT, 0, 1),
        rng_stream((uint64_t)1 << 32 | 1, RNG_INIT, 0, 0),
        rng_stream(1, RNG_INIT, 0, (uint64_t)1 << 32),
    };
    float x[COUNT(streams)][16];

    for (size_t i = 0; i < COUNT(streams); i++) {
        struct rng_stream s = streams[i];

        rng_uniform(&s, x[i], 16);
        for (size_t k = 0; k < i; k++)
            for (size_t j = 0; j < 16; j++)
                cr_expect_neq(x[i][j], x[k][j], "streams %zu and %zu agree at %zu", k, i, j);
    }
}

/* Compilers, optimisation levels and libraries must agree on every bit. */
Test(rng, bits_are_fixed)
{
    enum { N = 4096 };
    static float x[2 * N];
    struct rng_stream s = rng_stream(42, RNG_INIT, 3, 0);
    char hash[65];

    rng_uniform(&s, x, N);
    rng_normal(&s, x + N, N);
    sha256_text(x, sizeof x, hash);
    cr_expect_str_eq(hash, "860add3eee7e97c658b03ff0c41cd6768eb28c83a83039a58eda41ce6d9a9a3b");
}

Test(rng, uniform_fills_its_range)
{
    enum { N = 1 << 18, BINS = 256 };
    float *x = mem_array(N, sizeof *x);
    struct rng_stream s = rng_stream(3, RNG_LAYER, 0, 0);
    int count[BINS] = {0};
    double chi = 0;

    rng_uniform(&s, x, N);
    for (int i = 0; i < N; i++) {
        cr_assert(x[i] >= 0 && x[i] < 1, "%g", (double)x[i]);
        cr_assert_eq(x[i] * 0x1p24f, floorf(x[i] * 0x1p24f), "%a has more than 24 bits", (double)x[i]);
        count[(int)(x[i] * BINS)]++;
    }
    for (int b = 0; b < BINS; b++)
        chi += (count[b] - N / BINS) * (double)(count[b] - N / BINS) / (N / BINS);
    cr_expect(chi > 170 && chi < 350, "chi squared of 255 degrees of freedom: %g", chi);
    free(x);
}

/* Box-Muller in double with libm, from the words of the same stream. */
Test(rng, normal_follows_its_formula)
{
    enum { N = 1 << 16 };
    float *x = mem_array(N, sizeof *x);
    struct rng_stream s = rng_stream(4, RNG_INIT, 0, 0), words = s;
    double worst = 0;

    rng_normal(&s, x, N);
    for (int i = 0; i < N; i += 2) {
        double u = ((rng_u32(&words) >> 8) + 1) / 16777216.0, t = (rng_u32(&words) >> 8) / 16777216.0;
        double radius = sqrt(-2 * log(u)), turn = 2 * 3.14159265358979323846 * t;

        worst = fmax(worst, fmax(fabs(x[i] - radius * cos(turn)), fabs(x[i + 1] - radius * sin(turn))));
    }
    cr_expect(worst < 1e-6, "off by %g", worst);
    free(x);
}

Test(rng, normal_has_its_moments)
{
    enum { N = 1 << 18 };
    float *x = mem_array(N, sizeof *x);
    struct rng_stream s = rng_stream(5, RNG_INIT, 0, 0);
    double sum[5] = {0};

    rng_normal(&s, x, N);
    for (int i = 0; i < N; i++)
        for (int p = 1; p <= 4; p++)
            sum[p] += pow(x[i], p) / N;
    cr_expect(fabs(sum[1]) < 0.01, "mean %g", sum[1]);
    cr_expect(fabs(sum[2] - 1) < 0.015, "variance %g", sum[2]);
    cr_expect(fabs(sum[3]) < 0.03, "third moment %g", sum[3]);
    cr_expect(fabs(sum[4] - 3) < 0.1, "fourth moment %g", sum[4]);
    free(x);
}

Test(rng, below_is_even_and_bounded)
{
    static const uint64_t bounds[] = {
        1, 2, 3, 10, UINT32_MAX, (uint64_t)UINT32_MAX + 1, (uint64_t)3 << 62, UINT64_MAX};
    struct rng_stream s = rng_stream(6, RNG_SHUFFLE, 0, 0);
    int count[10] = {0}, high = 0;

    for (size_t b = 0; b < COUNT(bounds); b++)
        for (int i = 0; i < 1000; i++)
            cr_assert_lt(rng_below(&s, bounds[b]), bounds[b]);
    for (int i = 0; i < 100000; i++)
        count[rng_below(&s, 10)]++;
    for (int k = 0; k < 10; k++)
        cr_expect(abs(count[k] - 10000) < 500, "%d came %d times of 100000", k, count[k]);
    /* three quarters of 2^64: without rejection the lowest third would come too often */
    for (int i = 0; i < 100000; i++)
        high += rng_below(&s, (uint64_t)3 << 62) >= (uint64_t)1 << 63;
    cr_expect(abs(high - 33333) < 1000, "the highest third came %d times of 100000", high);
}

Test(rng, shuffle_gives_every_order)
{
    int count[6] = {0};
    int64_t big[1000];
    bool seen[1000] = {false};
    struct rng_stream s = rng_stream(8, RNG_SHUFFLE, 0, 0);

    for (int i = 0; i < 60000; i++) {
        int64_t v[3] = {0, 1, 2};

        rng_shuffle(&s, v, 3);
        count[v[0] * 2 + (v[1] > v[2])]++;
    }
    for (int k = 0; k < 6; k++)
        cr_expect(abs(count[k] - 10000) < 500, "order %d came %d times of 60000", k, count[k]);
    for (int i = 0; i < 1000; i++)
        big[i] = i;
    rng_shuffle(&s, big, 1000);
    for (int i = 0; i < 1000; i++)
        seen[big[i]] = true;
    for (int i = 0; i < 1000; i++)
        cr_assert(seen[i], "%d is lost", i);
    rng_shuffle(&s, big, 0);
    rng_shuffle(&s, big, 1);
}
