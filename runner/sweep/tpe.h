/* tpe.h - the tree-structured Parzen estimator: the next point from the results so far.
 *
 * Bergstra, Bardenet, Bengio and Kegl, "Algorithms for Hyper-Parameter Optimization"
 * (NIPS 2011), with one multivariate kernel density on each side as in BOHB (Falkner,
 * Klein and Hutter, ICML 2018). tpe.c has the formulas. Pure: no state, no clock, the
 * same bits on every machine. It knows nothing of what the dimensions mean.
 */
#ifndef SWEEP_TPE_H
#define SWEEP_TPE_H

#include "sweep/suggest.h"

/* The table is in strategies.c. */
struct tpe_settings {
    struct sweep_settings
        all;            /* first; until `startup` results are known points are a scrambled Sobol' sequence */
    int64_t candidates; /* drawn from the good density, of which the best is suggested */
    double gamma;       /* share of the results that counts as good */
};

/* From the ninth attempt on points are uniform. SETTINGS: struct tpe_settings. */
sweep_suggest tpe_suggest;

#endif
