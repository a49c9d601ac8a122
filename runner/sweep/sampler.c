/* sampler.c - see sampler.h. */
#include "sweep/sampler.h"

#include <stdbool.h>
#include "sweep/draw.h"
#include "sweep/sobol.h"

/* Primes below 1620, the 256th of which is 1619. */
enum { HALTON_DIMS = 256, HALTON_BOUND = 1620 };

#define LATIN_TRIALS (1ull << 24)

/* ---- categories -------------------------------------------------------------- */

double sweep_dim_weight(const struct sweep_dim *d, size_t k)
{
    return d->weights ? d->weights[k] : 1.0 / (double)d->choices;
}

size_t sweep_dim_choice(const struct sweep_dim *d, double u)
{
    size_t last = 0; /* of those with a weight: the sum may round to less than 1 */
    double sum = 0;

    for (size_t k = 0; k < d->choices; k++) {
        sum += sweep_dim_weight(d, k);
        if (sweep_dim_weight(d, k) > 0) {
            if (u < sum)
                return k;
            last = k;
        }
    }
    return last;
}

double sweep_dim_middle(const struct sweep_dim *d, size_t k)
{
    double sum = 0;

    for (size_t i = 0; i < k; i++)
        sum += sweep_dim_weight(d, i);
    return sum + sweep_dim_weight(d, k) / 2;
}

/* ---- random ------------------------------------------------------------------- */

static void random_point(uint64_t seed, uint64_t number, size_t ndims, double *u)
{
    for (size_t d = 0; d < ndims; d++) {
        struct rng_stream s = draw_stream(seed, DRAW_RANDOM, d, number);

        u[d] = draw_uniform(&s);
    }
}

/* ---- sobol -------------------------------------------------------------------- */

/* Owen's scrambling of the 32 bits of X. The bits above one name a node of the binary tree, and
 * each node has a draw of its own. Below the last bit the scrambled fraction goes on with random
 * bits, which only the node of all 32 decides: they are drawn in one piece. */
static double scramble(uint64_t seed, size_t d, uint32_t x)
{
    struct rng_stream s;
    uint64_t y = 0;

    for (int bit = 0; bit < 32; bit++) {
        uint64_t node = 1ull << bit | (uint64_t)x >> (32 - bit);

        s = draw_stream(seed, DRAW_SOBOL, d, node);
        y = y << 1 | ((x >> (31 - bit) ^ rng_u32(&s)) & 1);
    }
    s = draw_stream(seed, DRAW_SOBOL, d, 1ull << 32 | x);
    return (double)(y << 21 | rng_u32(&s) >> 11) * DRAW_UNIT;
}

static void scrambled_sobol(uint64_t seed, uint32_t number, size_t ndims, double *u)
{
    uint32_t x[SOBOL_DIMS];

    sobol_point(number, ndims, x);
    for (size_t d = 0; d < ndims; d++)
        u[d] = scramble(seed, d, x[d]);
}

/* ---- halton ------------------------------------------------------------------- */

/* Digits are added while they can still change the sum; beyond the digits of NUMBER they are
 * scrambled zeros, which is what lifts the first points off the corner. */
static double radical_inverse(uint64_t seed, size_t d, uint64_t number, uint64_t base)
{
    double u = 0, scale = 1, step = 1.0 / (double)base;

    for (uint64_t place = 0; scale >= DRAW_UNIT; place++) {
        struct rng_stream s = draw_stream(seed, DRAW_HALTON, d, place);
        uint64_t a = 1 + rng_below(&s, base - 1), c = rng_below(&s, base);

        scale *= step;
        u += (double)((a * (number % base) + c) % base) * scale;
        number /= base;
    }
    return u < 1 ? u : 1 - DRAW_UNIT;
}

static void halton_point(uint64_t seed, uint64_t number, size_t ndims, double *u)
{
    bool composite[HALTON_BOUND] = {false};
    size_t d = 0;

    for (size_t p = 2; p < HALTON_BOUND && d < ndims; p++) {
        if (composite[p])
            continue;
        for (size_t k = p * p; k < HALTON_BOUND; k += p)
            composite[k] = true;
        u[d] = radical_inverse(seed, d, number, p);
        d++;
    }
}

/* ---- latin -------------------------------------------------------------------- */

/* Where a shuffle of 0 .. N-1 puts X: the swap-or-not shuffle. A round pairs x with key - x
 * mod N and swaps the pair or not, by a draw that both share. */
static uint64_t shuffled(uint64_t seed, size_t d, uint64_t x, uint64_t n)
{
    enum { ROUNDS = 128 };

    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct rng_stream key = draw_stream(seed, DRAW_LATIN, d, round << 32);
        uint64_t k = rng_below(&key, n), other = k >= x ? k - x : k + n - x;
        struct rng_stream coin = draw_stream(seed, DRAW_SHUFFLE, d, round << 32 | (x > other ? x : other));

        if (rng_u32(&coin) & 1)
            x = other;
    }
    return x;
}

/* 24 bits within the interval, so that no sum or quotient rounds into the next one. */
static void latin_point(uint64_t seed, uint64_t trials, uint64_t number, size_t ndims, double *u)
{
    for (size_t d = 0; d < ndims; d++) {
        struct rng_stream s = draw_stream(seed, DRAW_RANDOM, d, number);

        u[d] = ((double)shuffled(seed, d, number, trials) + (rng_u32(&s) >> 8) * 0x1p-24) / (double)trials;
    }
}

/* ---- all ------------------------------------------------------------------------ */

size_t sampler_most_dims(enum sampler s)
{
    return s == SAMPLER_SOBOL ? SOBOL_DIMS : s == SAMPLER_HALTON ? HALTON_DIMS : DRAW_INSTANCES;
}

status sampler_point(enum sampler s, uint64_t seed, int64_t trials, int64_t number, size_t ndims, double *u,
                     struct error *err)
{
    uint64_t end = s == SAMPLER_SOBOL ? 1ull << 32 : s == SAMPLER_LATIN ? LATIN_TRIALS : DRAW_STEPS;

    if (ndims > sampler_most_dims(s))
        return error_set(err, "%zu settings are swept, and the sampler has %zu dimensions", ndims,
                         sampler_most_dims(s));
    if (number < 0 || (uint64_t)number >= end)
        return error_set(err, "point %lld: the sampler has points 0 to %llu", (long long)number,
                         (unsigned long long)end - 1);
    if (s == SAMPLER_LATIN && (trials <= number || (uint64_t)trials > end))
        return error_set(err, "point %lld of a Latin hypercube of %lld", (long long)number,
                         (long long)trials);
    switch (s) {
    case SAMPLER_RANDOM:
        random_point(seed, (uint64_t)number, ndims, u);
        break;
    case SAMPLER_SOBOL:
        scrambled_sobol(seed, (uint32_t)number, ndims, u);
        break;
    case SAMPLER_HALTON:
        halton_point(seed, (uint64_t)number, ndims, u);
        break;
    case SAMPLER_LATIN:
        latin_point(seed, (uint64_t)trials, (uint64_t)number, ndims, u);
        break;
    }
    return OK;
}

status sampler_point_ever(enum sampler s, uint64_t seed, int64_t trials, int64_t number, size_t ndims,
                          double *u, struct error *err)
{
    if (s == SAMPLER_LATIN && trials > 0) {
        seed += 0x9e3779b97f4a7c15u * (uint64_t)(number / trials);
        number %= trials;
    }
    return sampler_point(s, seed, trials, number, ndims, u, err);
}
