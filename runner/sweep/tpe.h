/* tpe.h - the tree-structured Parzen estimator: the next point from the results so far.
 *
 * Bergstra, Bardenet, Bengio and Kegl, "Algorithms for Hyper-Parameter Optimization"
 * (NIPS 2011), with one multivariate kernel density on each side as in BOHB (Falkner,
 * Klein and Hutter, ICML 2018). tpe.c has the formulas. Pure: no state, no clock, the
 * same bits on every machine. It knows nothing of what the dimensions mean.
 */
#ifndef SWEEP_TPE_H
#define SWEEP_TPE_H

#include <stdbool.h>

#include "sweep/sampler.h"

/* The table is in strategies.c. */
struct tpe_settings {
    int64_t trials;     /* in all; the caller's */
    int64_t lag;        /* how many trials just before one it may not know; the caller's */
    int64_t startup;    /* results that must be known before the first suggestion; until then
                           points are a scrambled Sobol' sequence */
    int64_t candidates; /* drawn from the good density, of which the best is suggested */
    double gamma;       /* share of the results that counts as good */
};

struct tpe_result {
    const double *u; /* [ndims]; NAN: the dimension was not in use in that trial (conditional) */
    double value;    /* lower is better; NAN: failed, counts as the worst */
    bool pending;    /* suggested, but its value is not known yet: VALUE is not read */
};

/* Point for trial NUMBER (from 0), attempt ATTEMPT (from 0: the caller asks again for one that was
 * excluded or equal to an earlier one) into U [ndims], from EARLIER [n] in the order of trials.
 * Every dimension gets a value, also those that will not be in use. From the ninth attempt
 * on points are uniform, so that asking again ends. */
void tpe_suggest(const struct tpe_settings *t, uint64_t seed, int64_t number, int64_t attempt, size_t ndims,
                 const struct sweep_dim *dims, size_t n, const struct tpe_result *earlier, double *u);

#endif
