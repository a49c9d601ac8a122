/* pruner.h - which trials are not worth their remaining epochs.
 *
 * Pure functions of recorded values: a decision on trial t knows the values of trials
 * 0 .. t - 1 - lag and no others, whichever have finished, so that it is the same with
 * any number of workers. `lag` is what may run at the same time without waiting: trial t can
 * be decided on at an epoch as soon as trials 0 .. t - 1 - lag have ended or got there.
 *
 *  - median: prune where the value is worse than the median of the others' values at the
 *    same epoch (the median stopping rule of Golovin et al., "Google Vizier", KDD 2017, with
 *    the value itself where they take a running mean).
 *  - asha: rungs at minimum * reduction^k epochs; go on when among the best 1/reduction of
 *    the values known at the rung, itself included, of which at least one goes on: the
 *    stopping form of asynchronous successive halving (Li et al., "A System for Massively Parallel
 *    Hyperparameter Tuning", MLSys 2020).
 *  - hyperband: brackets of asha (Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar,
 *    "Hyperband", JMLR 18, 2018). With K = floor(log_reduction(epochs / minimum)), bracket
 *    b = 0 .. K has its first rung at minimum * reduction^b. The last, whose first
 *    rung may be the last epoch, hardly prunes. Of each N = sum of n_b trials, n_b =
 *    ceil((K + 1) / (K - b + 1) * reduction^(K - b)) go to bracket b, spread evenly.
 */
#ifndef SWEEP_PRUNER_H
#define SWEEP_PRUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The tables of settings are in strategies.c. */
enum pruner_rule { PRUNER_NONE, PRUNER_MEDIAN, PRUNER_ASHA, PRUNER_HYPERBAND };

struct pruner {
    enum pruner_rule kind;
    int64_t minimum;   /* epochs before the first decision, which is at the end of epoch `minimum`;
                          at least 1 */
    int64_t reduction; /* asha, hyperband: one in how many goes on, at least 2 */
    int64_t startup;   /* median: trials whose value at that epoch must be known */
    int64_t interval;  /* median: epochs from one decision to the next; at least 1 */
    int64_t lag;       /* how many trials just before this one a decision may not yet know */
    bool negated;      /* values are those of an objective that is maximized, times -1: reasons give them as
                          they were recorded */
};

/* The first epoch after EPOCH (0: none done yet) of EPOCHS in all at the end of which trial NUMBER is
 * decided on; 0: none. Never the last epoch. */
int64_t pruner_next_epoch(const struct pruner *p, int64_t number, int64_t epoch, int64_t epochs);

/* Whether trial NUMBER, with VALUE (lower is better; NAN is worst) at EPOCH, is to be pruned. OTHERS [n]:
 * the value of trial i at that same epoch, NAN where it has none (ended before, failed); only
 * the first NUMBER - lag are looked at, and of hyperband only those in the same bracket.
 * False at epochs that pruner_next_epoch() never gives. REASON [size]: a sentence for
 * people with the numbers, of either decision. */
bool pruner_decide(const struct pruner *p, int64_t number, int64_t epoch, int64_t epochs, double value,
                   size_t n, const double *others, char *reason, size_t size);

/* Hyperband: brackets for runs of EPOCHS, and the bracket of trial NUMBER, from 0, which prunes
 * first. Other pruners have one. */
int64_t pruner_brackets(const struct pruner *p, int64_t epochs);
int64_t pruner_bracket(const struct pruner *p, int64_t number, int64_t epochs);

#endif
