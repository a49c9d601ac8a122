/* importance.h - how much of the objective's variance each swept setting explains.
 *
 * Functional analysis of variance on a random forest (Hutter, Hoos and Leyton-Brown, "An
 * Efficient Approach for Assessing Hyperparameter Importance", ICML 2014). Chosen over
 * permutation importance because its numbers are shares of one whole that add up,
 * because it tells interactions from main effects, and because it averages over all values of
 * the other settings and not only around the trials that happen to exist.
 * importance.c has the formulas. `fell report` calls it. Pure; the same bits everywhere.
 */
#ifndef SWEEP_IMPORTANCE_H
#define SWEEP_IMPORTANCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Zeros mean the defaults. */
struct importance_settings {
    int64_t trees; /* 64 */
    int64_t leaf;  /* 3: fewest rows of a leaf */
    uint64_t seed;
};

/* What was swept and what came out. Numbers may be on any scale: only their order counts, and
 * each distinct value weighs the same, so that a logarithmic range needs no logarithm. */
struct importance_data {
    size_t nrows, ndims;
    const double *x;       /* [nrows,ndims]; a category's number from 0; NAN: not in use */
    const size_t *choices; /* [ndims]; 0: a number, else how many categories */
    const double *y;       /* [nrows]; rows that are not finite are left out */
};

/* Beyond what each does alone. */
struct importance_pair {
    size_t j, k; /* settings, j < k */
    double share;
};

struct importance {
    size_t nused;  /* rows with a finite objective */
    double fit;    /* R2 on rows that a tree was not grown on: at most 1; 0 and less: the forest has
                      learnt nothing and the shares mean nothing. NAN when there are none */
    double *share; /* [ndims]: of the variance, by the setting alone; in [0,1] */
    size_t npairs;
    struct importance_pair *pair; /* [npairs], by j, then k: what no tree takes together is not there and
                                     has 0. Of thousands of settings most pairs are not */
};

/* OUT's `share` is the caller's; free() `pair`. All shares are 0 where the objective does not
 * vary. Errors: fewer than 2 rows with a finite objective; no dimension; a category out of
 * range. */
status importance_compute(const struct importance_settings *s, const struct importance_data *data,
                          struct importance *out, struct error *err);

#endif
