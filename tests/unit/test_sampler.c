/* test_sampler.c - the points of sweep/sampler.h: known Sobol' points, how evenly the samplers
 * fill the cube, and points that depend on nothing but their arguments.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sweep/sampler.h"
#include "sweep/sobol.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const names[] = {"random", "sobol", "halton", "latin"};

static void point(enum sampler s, uint64_t seed, int64_t trials, int64_t number, size_t ndims, double *u)
{
    struct error err;

    cr_assert_eq(sampler_point(s, seed, trials, number, ndims, u, &err), OK, "%s: %s", names[s], err.text);
    for (size_t d = 0; d < ndims; d++)
        cr_assert(u[d] >= 0 && u[d] < 1, "%s: point %lld has %.17g", names[s], (long long)number, u[d]);
}

/* The first N points, of N; free() it. */
static double *points(enum sampler s, uint64_t seed, int64_t n, size_t ndims)
{
    double *u = mem_array((size_t)n * ndims, sizeof *u);

    for (int64_t i = 0; i < n; i++)
        point(s, seed, n, i, ndims, u + (size_t)i * ndims);
    return u;
}

/* Of scipy.stats.qmc.Sobol(512, scramble=False, bits=32), as 32-bit fractions. */
Test(sampler, sobol_before_scrambling)
{
    static const size_t dims[] = {0, 1, 2, 9, 99, 511};
    static const struct {
        uint32_t number, x[6];
    } cases[] = {
        {0, {0, 0, 0, 0, 0, 0}},
        {1, {0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000}},
        {2, {0xc0000000, 0x40000000, 0x40000000, 0xc0000000, 0xc0000000, 0xc0000000}},
        {3, {0x40000000, 0xc0000000, 0xc0000000, 0x40000000, 0x40000000, 0x40000000}},
        {100, {0x6a000000, 0x42000000, 0xc6000000, 0xb2000000, 0xe2000000, 0x86000000}},
        {8191, {0x00080000, 0x88880000, 0x80680000, 0xc1b80000, 0xcb780000, 0x84880000}},
        {4000000000, {0x003d7a99, 0x5eecb507, 0xc7e7462d, 0xd79559f9, 0x2c4f4d75, 0xaff12791}},
    };
    uint32_t x[SOBOL_DIMS];

    for (size_t i = 0; i < COUNT(cases); i++) {
        sobol_point(cases[i].number, SOBOL_DIMS, x);
        for (size_t k = 0; k < COUNT(dims); k++)
            cr_expect_eq(x[dims[k]], cases[i].x[k], "point %u, dimension %zu: %#x", cases[i].number, dims[k],
                         x[dims[k]]);
    }
}

/* Each of CELLS equal intervals of dimension D holds PER of the N points. */
static void expect_stratified(enum sampler s, const double *u, size_t n, size_t ndims, size_t d, size_t cells)
{
    size_t *held = mem_array(cells, sizeof *held);

    for (size_t i = 0; i < n; i++)
        held[(size_t)(u[i * ndims + d] * (double)cells)]++;
    for (size_t c = 0; c < cells; c++)
        cr_assert_eq(held[c], n / cells, "%s: dimension %zu: %zu of %zu points in cell %zu of %zu", names[s],
                     d, held[c], n, c, cells);
    free(held);
}

Test(sampler, sobol_stays_a_net_when_scrambled)
{
    enum { M = 8, N = 1 << M };
    double *u = points(SAMPLER_SOBOL, 5, N, SOBOL_DIMS);

    for (size_t d = 0; d < SOBOL_DIMS; d++)
        expect_stratified(SAMPLER_SOBOL, u, N, SOBOL_DIMS, d, N);
    /* The first two dimensions are a (0,2)-sequence: each box of area 1/N has one point. */
    for (int k = 0; k <= M; k++) {
        bool seen[N] = {false};

        for (size_t i = 0; i < N; i++) {
            size_t a = (size_t)(u[i * SOBOL_DIMS] * (1 << k));
            size_t b = (size_t)(u[i * SOBOL_DIMS + 1] * (1 << (M - k)));
            size_t cell = a << (M - k) | b;

            cr_assert_not(seen[cell], "two points in cell %zu of 2^%d by 2^%d", cell, k, M - k);
            seen[cell] = true;
        }
    }
    free(u);
}

Test(sampler, halton_is_stratified_in_each_base)
{
    static const size_t prime[] = {2, 3, 5, 7, 11};
    double *u = points(SAMPLER_HALTON, 5, 1331, COUNT(prime));

    for (size_t d = 0; d < COUNT(prime); d++)
        for (size_t n = prime[d]; n <= 1331; n *= prime[d])
            expect_stratified(SAMPLER_HALTON, u, n, COUNT(prime), d, n);
    free(u);
}

Test(sampler, latin_has_one_point_an_interval)
{
    static const size_t sizes[] = {1, 2, 3, 4, 7, 64, 100, 1000};

    for (size_t i = 0; i < COUNT(sizes); i++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            double *u = points(SAMPLER_LATIN, seed, (int64_t)sizes[i], 3);

            for (size_t d = 0; d < 3; d++)
                expect_stratified(SAMPLER_LATIN, u, sizes[i], 3, d, sizes[i]);
            free(u);
        }
}

Test(sampler, latin_permutations_are_all_alike)
{
    enum { SEEDS = 600 };
    int count[27] = {0}, orders = 0;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double *u = points(SAMPLER_LATIN, seed, 3, 2);

        for (size_t d = 0; d < 2; d++) {
            int order = 0;

            for (size_t i = 0; i < 3; i++)
                order = order * 3 + (int)(u[i * 2 + d] * 3);
            count[order]++;
        }
        free(u);
    }
    for (size_t k = 0; k < COUNT(count); k++)
        if (count[k]) { /* 200 expected, standard deviation 13 */
            orders++;
            cr_expect(count[k] > 140 && count[k] < 260, "order %zu came %d times of 1200", k, count[k]);
        }
    cr_expect_eq(orders, 6);
}

/* Warnock's formula for the L2 star discrepancy of N points, squared. */
static double discrepancy(const double *u, size_t n, size_t ndims)
{
    double sum = 0, cross = 0, whole = 1;

    for (size_t i = 0; i < n; i++) {
        double product = 1;

        for (size_t d = 0; d < ndims; d++)
            product *= (1 - u[i * ndims + d] * u[i * ndims + d]) / 2;
        sum += product;
        for (size_t k = 0; k < n; k++) {
            double least = 1;

            for (size_t d = 0; d < ndims; d++)
                least *= 1 - fmax(u[i * ndims + d], u[k * ndims + d]);
            cross += least;
        }
    }
    for (size_t d = 0; d < ndims; d++)
        whole /= 3;
    return whole - 2 * sum / (double)n + cross / (double)(n * n);
}

Test(sampler, more_even_than_random)
{
    enum { N = 256, DIMS = 4, SEEDS = 5 };
    double mean[COUNT(names)] = {0};

    for (enum sampler s = SAMPLER_RANDOM; s <= SAMPLER_LATIN; s++)
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            double *u = points(s, seed, N, DIMS);

            mean[s] += sqrt(discrepancy(u, N, DIMS)) / SEEDS;
            free(u);
        }
    cr_expect_lt(mean[SAMPLER_SOBOL], 0.45 * mean[SAMPLER_RANDOM], "%g, random %g", mean[SAMPLER_SOBOL],
                 mean[SAMPLER_RANDOM]);
    cr_expect_lt(mean[SAMPLER_HALTON], 0.45 * mean[SAMPLER_RANDOM], "%g, random %g", mean[SAMPLER_HALTON],
                 mean[SAMPLER_RANDOM]);
    cr_expect_lt(mean[SAMPLER_LATIN], 0.9 * mean[SAMPLER_RANDOM], "%g, random %g", mean[SAMPLER_LATIN],
                 mean[SAMPLER_RANDOM]);
}

Test(sampler, every_point_is_uniform_over_seeds)
{
    enum { SEEDS = 2000, CELLS = 20 };
    static const int64_t numbers[] = {0, 1, 37};
    static const size_t dims[] = {0, 1, 7};

    for (enum sampler s = SAMPLER_RANDOM; s <= SAMPLER_LATIN; s++)
        for (size_t i = 0; i < COUNT(numbers); i++) {
            double u[8], chi[COUNT(dims)] = {0};
            int held[COUNT(dims)][CELLS] = {{0}};

            for (uint64_t seed = 0; seed < SEEDS; seed++) {
                point(s, seed, 50, numbers[i], 8, u);
                for (size_t k = 0; k < COUNT(dims); k++)
                    held[k][(int)(u[dims[k]] * CELLS)]++;
            }
            for (size_t k = 0; k < COUNT(dims); k++) {
                for (int c = 0; c < CELLS; c++) {
                    double off = held[k][c] - (double)SEEDS / CELLS;

                    chi[k] += off * off / ((double)SEEDS / CELLS);
                }
                /* chi square, 19 degrees of freedom: above 50 once in 7,000 times */
                cr_expect_lt(chi[k], 50, "%s: point %lld, dimension %zu: chi square %g", names[s],
                             (long long)numbers[i], dims[k], chi[k]);
            }
        }
}

Test(sampler, order_and_dimensions_do_not_matter)
{
    enum { N = 100, DIMS = 6 };

    for (enum sampler s = SAMPLER_RANDOM; s <= SAMPLER_LATIN; s++) {
        double *u = points(s, 9, N, DIMS), *other = points(s, 10, N, DIMS), again[DIMS];

        cr_expect_neq(memcmp(u, other, N * DIMS * sizeof *u), 0, "%s: the seed has a say", names[s]);
        for (int64_t i = N - 1; i >= 0; i--) {
            point(s, 9, N, i, DIMS, again);
            cr_expect_arr_eq(again, u + i * DIMS, sizeof again, "%s: point %lld", names[s], (long long)i);
            point(s, 9, N, i, 2, again);
            cr_expect_arr_eq(again, u + i * DIMS, 2 * sizeof *again, "%s: fewer dimensions", names[s]);
        }
        free(u);
        free(other);
    }
}

/* Bits as they were when this was written: recorded sweeps must be made again from them. */
Test(sampler, bits_do_not_change)
{
    static const double expected[][3] = {
        {0x1.654782a78cbc4p-2, 0x1.875831b951386p-1, 0x1.73e742981ed86p-2},
        {0x1.a2865e2e5d7c8p-2, 0x1.dfac075e4c434p-2, 0x1.8fe04a3c72aa4p-2},
        {0x1.3960c1b513b13p-2, 0x1.b834b8f007adcp-1, 0x1.346312d4bb8c5p-1},
        {0x1.7b0f03020c49cp-1, 0x1.0605f9e76c8b4p-1, 0x1.6719135c28f5cp-1},
    };
    double u[3];

    for (enum sampler s = SAMPLER_RANDOM; s <= SAMPLER_LATIN; s++) {
        point(s, 12345, 1000, 678, 3, u);
        for (size_t d = 0; d < 3; d++)
            cr_expect_eq(u[d], expected[s][d], "%s: %a", names[s], u[d]);
    }
}

Test(sampler, limits_are_errors)
{
    static const struct {
        enum sampler s;
        int64_t trials, number;
        size_t ndims;
        const char *says;
    } cases[] = {
        {SAMPLER_SOBOL, 10, 0, 513, "513 settings are swept, and the sampler has 512 dimensions"},
        {SAMPLER_HALTON, 10, 0, 257, "257 settings are swept, and the sampler has 256 dimensions"},
        {SAMPLER_RANDOM, 10, -1, 1, "point -1"},
        {SAMPLER_SOBOL, INT64_MAX, 1LL << 32, 1, "points 0 to 4294967295"},
        {SAMPLER_RANDOM, INT64_MAX, 1LL << 48, 1, "points 0 to 281474976710655"},
        {SAMPLER_LATIN, 10, 10, 1, "point 10 of a Latin hypercube of 10"},
        {SAMPLER_LATIN, 1 << 25, 3, 1, "a Latin hypercube of 33554432"},
    };
    double u[600];
    struct error err;

    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_expect_eq(sampler_point(cases[i].s, 1, cases[i].trials, cases[i].number, cases[i].ndims, u, &err),
                     FAILED, "%s", cases[i].says);
        cr_expect(strstr(err.text, cases[i].says), "%s", err.text);
    }
    /* the last that there are */
    point(SAMPLER_SOBOL, 1, 0, (1LL << 32) - 1, SOBOL_DIMS, u);
    point(SAMPLER_HALTON, 1, 0, (1LL << 48) - 1, 256, u);
    point(SAMPLER_RANDOM, 1, 0, (1LL << 48) - 1, 600, u);
    point(SAMPLER_LATIN, 1, 1 << 24, (1 << 24) - 1, 600, u);
    point(SAMPLER_SOBOL, 1, 0, 3, 0, NULL);
}

Test(sampler, categories)
{
    static const double weights[] = {0.5, 0, 0.2, 0.3, 0};
    const struct sweep_dim even = {.choices = 3}, odd = {.choices = 5, .weights = weights};

    cr_expect_eq(sweep_dim_choice(&even, 0), 0);
    cr_expect_eq(sweep_dim_choice(&even, 0.34), 1);
    cr_expect_eq(sweep_dim_choice(&even, 1 - 0x1p-53), 2);
    cr_expect_eq(sweep_dim_choice(&odd, 0.49), 0);
    cr_expect_eq(sweep_dim_choice(&odd, 0.5), 2, "a category of weight 0 is never taken");
    cr_expect_eq(sweep_dim_choice(&odd, 0.71), 3);
    cr_expect_eq(sweep_dim_choice(&odd, 1 - 0x1p-53), 3, "however the sum rounds");
    for (size_t choices = 1; choices < 100; choices++) {
        const struct sweep_dim d = {.choices = choices};

        for (size_t k = 0; k < choices; k++)
            cr_expect_eq(sweep_dim_choice(&d, sweep_dim_middle(&d, k)), k);
    }
    for (size_t k = 0; k < 5; k++)
        if (weights[k] > 0)
            cr_expect_eq(sweep_dim_choice(&odd, sweep_dim_middle(&odd, k)), k);
}
