/* sampler.h - points of the unit cube, one for each trial of a sweep that does not
 * wait for results.
 *
 * A point is a pure function of its arguments: the order of calls, the number of
 * workers and the machine have no say, and nothing is remembered. Nothing here knows
 * what the numbers mean; runner/trials turns them into settings. tpe.c draws its first
 * points here.
 *
 *  - random: independent uniform numbers.
 *  - sobol: Sobol' sequence with the direction numbers of Joe and Kuo ("Constructing
 *    Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30,
 *    2008), scrambled by SEED as Owen has it ("Randomly permuted (t,m,s)-nets", 1995):
 *    each bit is turned or not by a draw that depends on the bits above it.
 *    The first 2^m points stay a digital net, and every point is uniform.
 *  - halton: the radical inverse in the d-th prime (Halton 1960), each digit scrambled by
 *    a permutation x -> a x + c mod the prime, drawn anew for each digit place: a
 *    random linear scrambling (Matousek, "On the L2-discrepancy for anchored boxes", 1998)
 *    with a diagonal matrix. Nothing is skipped.
 *  - latin: of TRIALS points exactly one falls into each of the TRIALS equal intervals
 *    of each dimension (McKay, Beckman and Conover 1979), anywhere in it. The permutation of a
 *    dimension is computed for one number alone (swap-or-not: Hoang, Morris and
 *    Rogaway 2012).
 */
#ifndef SWEEP_SAMPLER_H
#define SWEEP_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One dimension of a space. */
struct sweep_dim {
    size_t choices;        /* 0: a number, u in [0,1); otherwise categories, see sweep_dim_choice() */
    const double *weights; /* [choices], not negative, adding up to 1; NULL: all alike */
};

/* The category of U in [0,1): the first k with u < weights[0] + ... + weights[k], summed in that
 * order; never one of weight 0. */
size_t sweep_dim_choice(const struct sweep_dim *d, double u);

double sweep_dim_weight(const struct sweep_dim *d, size_t k);

/* The middle of category K: sweep_dim_choice() gives K for it, if its weight is not 0. */
double sweep_dim_middle(const struct sweep_dim *d, size_t k);

enum sampler { SAMPLER_RANDOM, SAMPLER_SOBOL, SAMPLER_HALTON, SAMPLER_LATIN };

/* Point NUMBER (from 0) of TRIALS, which only latin uses, into U [ndims], each in [0,1).
 * Errors: more dimensions than sampler_most_dims(); a number that is negative, not below TRIALS
 * (latin, TRIALS at most 2^24), or not below 2^32 (sobol) or 2^48. */
status sampler_point(enum sampler s, uint64_t seed, int64_t trials, int64_t number, size_t ndims, double *u,
                     struct error *err);

/* The same for any NUMBER: a Latin hypercube that is used up is followed by another. */
status sampler_point_ever(enum sampler s, uint64_t seed, int64_t trials, int64_t number, size_t ndims,
                          double *u, struct error *err);

/* How many dimensions a sampler has; SIZE_MAX: any number. */
size_t sampler_most_dims(enum sampler s);

#endif
