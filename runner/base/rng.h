/* rng.h - counter-based random numbers: Philox4x32-10 (Salmon 2011, Random123).
 *
 * A number is a function of (seed, purpose, instance, step, position), so a
 * stream can be entered anywhere: nothing needs to be remembered to resume, and
 * no order of work changes a bit.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

/* A part of every stream: a number that is given stays, or recorded bits change. */
enum rng_purpose {
    RNG_INIT = 1,
    RNG_SHUFFLE = 2,
    RNG_LAYER = 3,
    RNG_SPLIT = 4, /* instances: 0 what is held out, 1 `rows`, 2 whose label is noise, 3 which */
    RNG_DATA = 5,
    RNG_SEED = 6,
    RNG_SWEEP = 7,
    RNG_AUGMENT = 8,
    RNG_PROBE = 9,
    RNG_GENERATE = 10 /* texts that a trained net writes */
};

struct rng_stream {
    uint64_t seed;     /* the Philox key */
    uint32_t purpose;  /* enum rng_purpose */
    uint32_t instance; /* which tensor, layer, ... */
    uint64_t step;     /* step or epoch (48 bits are used) */
    uint64_t position; /* numbers drawn so far */
};

struct rng_stream rng_stream(uint64_t seed, enum rng_purpose purpose, uint32_t instance, uint64_t step);

uint32_t rng_u32(struct rng_stream *s);
uint64_t rng_below(struct rng_stream *s, uint64_t n);          /* 0..n-1, unbiased (Lemire 2019) */
void rng_uniform(struct rng_stream *s, float *dst, int64_t n); /* [0,1), 24 bits */
void rng_normal(struct rng_stream *s, float *dst, int64_t n);  /* N(0,1), Box-Muller on fell/math.h */
void rng_shuffle(struct rng_stream *s, int64_t *v, int64_t n); /* Fisher-Yates */

#endif
