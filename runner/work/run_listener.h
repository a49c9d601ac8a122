/* run_listener.h - who hears, while an experiment is trained, how its runs stand: what a person sees is made
 * of this. It decides nothing, and rows are stored without it.
 */
#ifndef WORK_RUN_LISTENER_H
#define WORK_RUN_LISTENER_H

#include <sqlite3.h>

#include "base/error.h"
#include "engine/report.h"
#include "trials/experiment.h"

/* All functions are there; what they get lives as long as the call. WORD is a status of a run. */
struct run_listener {
    void *arg;

    /* First, once: EXPERIMENT of the results database is gone on with, or begun. RUNS of it, as far as they
     * are known, are not trained yet. */
    status (*earlier)(void *arg, sqlite3 *db, int64_t experiment, struct error *err);
    void (*begin)(void *arg, const char *name, int64_t runs, int workers, int64_t epochs);

    /* So many of the workers are to be busy from now on, since other runs share the machine, or no longer. */
    void (*workers)(void *arg, int n);
    void (*started)(void *arg, int worker, int64_t run, int64_t trial, int64_t repeat, const struct trial *t);
    /* It goes on after EPOCH. SEEN: its epochs up to there came by epoch(). */
    void (*resumed)(void *arg, int worker, int64_t run, int64_t epoch, bool seen);
    void (*epoch)(void *arg, int worker, int64_t run, const struct epoch_report *e);
    void (*ended)(void *arg, int worker, int64_t run, const char *word, const char *error);
    /* A run that no worker has is over: pruned or interrupted while it was paused. */
    void (*over)(void *arg, int64_t run, const char *word, int64_t epochs);
    /* A run that ended just now is to be tried again from its beginning. */
    void (*again)(void *arg, const char *word);

    /* What a run warned of, and the check before it had not. */
    void (*warning)(void *arg, int worker, int64_t run, const char *text);
    void (*note)(void *arg, const char *text); /* who holds the lock ... */
    void (*tick)(void *arg);                   /* many times a second */
    void (*end)(void *arg);
};

#endif
