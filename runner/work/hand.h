/* hand.h - one worker of the crew: the run it trains, and what its frames mean.
 */
#ifndef WORK_HAND_H
#define WORK_HAND_H

#include "record/recorder.h"
#include "work/process.h"
#include "work/runner.h"

/* What all hands share. */
struct hand_env {
    const struct experiment *experiment;
    struct recorder *recorder;
    const char *db;
    struct progress *progress;      /* may be NULL */
    struct runner_summary *summary; /* ends are counted here */
    bool interrupted;               /* by the user: runs that end now were stopped */
};

struct hand {
    int number; /* runs.worker */
    struct process process;
    bool busy;
    int64_t run, trial, repeat; /* run: its id */
    int64_t epochs_done;
    double started;
    struct metric_value *metrics; /* as announced by the worker */
    size_t nmetrics;
    char *metric_names; /* their names, one behind the other */
};

/* Give h->run to the process. FAILED with the process buried: it was dead, try another; FAILED
 * with it alive: the database. */
status hand_start(struct hand *h, const struct hand_env *env, struct error *err);

/* Read what is there, record it and tell the progress. When the process died, its run has ended
 * and it is buried. FAILED: the database. */
status hand_listen(struct hand *h, const struct hand_env *env, struct error *err);

void hand_cancel(struct hand *h, int sig); /* if it is busy */
void hand_release(struct hand *h);

#endif
