/* suggest.h - what a strategy that learns is given, and what all strategies have: the words between a sweep
 * and strategies.h.
 */
#ifndef SWEEP_SUGGEST_H
#define SWEEP_SUGGEST_H

#include <stdbool.h>

#include "sweep/sampler.h"

/* What the settings of every strategy begin with. */
struct sweep_settings {
    int64_t trials;  /* in all */
    int64_t lag;     /* of one that learns: how many trials just before one it may not know */
    int64_t startup; /* likewise: results that must be known before the first one is chosen by them */
};

/* An earlier trial. */
struct sweep_result {
    const double *u; /* [ndims]; NAN: the dimension was not in use in that trial (conditional) */
    double value;    /* lower is better; NAN: failed, counts as the worst */
    bool pending;    /* suggested, but its value is not known yet: VALUE is not read */
};

/* Point for trial NUMBER (from 0), attempt ATTEMPT (from 0: the caller asks again for one that was
 * excluded or equal to an earlier one) into U [ndims], from EARLIER [n] in the order of trials. SETTINGS are
 * the strategy's own struct. Every dimension gets a value, also those that will not be in use. A pure
 * function, and asking again must end: late attempts reach every point. */
typedef void sweep_suggest(const void *settings, uint64_t seed, int64_t number, int64_t attempt, size_t ndims,
                           const struct sweep_dim *dims, size_t n, const struct sweep_result *earlier,
                           double *u);

#endif
