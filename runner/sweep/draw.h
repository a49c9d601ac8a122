/* draw.h - the random numbers of a sweep. Private to runner/sweep.
 *
 * Everything is drawn from Philox streams keyed by what it is for, so that a number can be
 * had without those before it.
 */
#ifndef SWEEP_DRAW_H
#define SWEEP_DRAW_H

#include "base/rng.h"

enum draw { DRAW_RANDOM, DRAW_SOBOL, DRAW_HALTON, DRAW_LATIN, DRAW_SHUFFLE, DRAW_TPE, DRAW_FOREST };

#define DRAW_INSTANCES ((size_t)1 << 24)    /* of each use */
#define DRAW_STEPS     ((uint64_t)1 << 48)  /* of each instance */
#define DRAW_UNIT      (1.0 / (1ULL << 53)) /* a double in [0,1) is a multiple of it */

/* INSTANCE below DRAW_INSTANCES, STEP below DRAW_STEPS. */
static inline struct rng_stream draw_stream(uint64_t seed, enum draw use, size_t instance, uint64_t step)
{
    return rng_stream(seed, RNG_SWEEP, (uint32_t)use << 24 | (uint32_t)instance, step);
}

/* [0,1), 53 bits. */
static inline double draw_uniform(struct rng_stream *s)
{
    uint64_t high = rng_u32(s) >> 5, low = rng_u32(s) >> 6;

    return (double)(high << 26 | low) * DRAW_UNIT;
}

#endif
