/* report.h - what the parts of `fell report` share: the trials of the experiment, read once.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/results.h"

/* Make the temporary tables of this connection that the parts below ask:
 *     report_runs    run, trial, status, value           one row for each run of EXPERIMENT
 *     report_trials  place, trial, first, mean, failed   one row for each trial, numbered from 0;
 *                                                        `first` is a run of it, `failed` counts runs
 * `value` is what the experiment's objective ranks, NULL where there is none. */
status report_begin(sqlite3 *db, int64_t experiment, struct error *err);

/* Of which values the swept settings do best: a row for each value, or for numbers with many values a row
 * for each of a few ranges; of every setting the best LIMIT (0: all). */
status report_values(sqlite3 *db, int64_t experiment, int64_t limit, struct table **out, struct error *err);

struct report_importance {
    const char *why_not; /* NULL, or why there is none; in `error` */
    struct error error;
    size_t trials;       /* that have a value */
    double fit;          /* see sweep/importance.h */
    struct table *table; /* setting, with, share; the largest share first */
};

/* How much of the objective's variance each swept setting explains, alone and with another. INTERACTIONS:
 * the least share of a pair that is listed. Release it in any case. */
status report_importance(sqlite3 *db, double interactions, struct report_importance *out, struct error *err);
void report_importance_release(struct report_importance *r);

extern const char report_method[]; /* how these shares are found, for a person */

#endif
