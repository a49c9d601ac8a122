/* hand.h - one worker of the crew: the run it trains, and what its frames mean.
 */
#ifndef WORK_HAND_H
#define WORK_HAND_H

#include "record/recorder.h"
#include "work/process.h"
#include "work/runner.h"
#include "work/schedule.h"

struct hand;

/* What all hands share. */
struct hand_env {
    const struct experiment *experiment;
    struct recorder *recorder;
    const char *db;
    struct progress *progress; /* may be NULL */
    bool interrupted;          /* by the user: runs that end now were stopped */
    /* The run of H is over, with that status. True: it is tried again. */
    bool (*ended)(void *arg, const struct hand *h, const char *word);
    void *arg;
};

struct hand {
    int number; /* runs.worker */
    struct process process;
    bool busy;
    struct run_task task; /* what it trains, or trained last */
    int64_t epochs_done;
    double started;
    struct metric_value *metrics; /* as announced by the worker */
    size_t nmetrics;
    char *metric_names; /* their names, one behind the other */
};

/* Give h->task to the process. FAILED with the process buried: it was dead, try another; FAILED
 * with it alive: the database. */
status hand_start(struct hand *h, const struct hand_env *env, struct error *err);

/* Read what is there, record it and tell the progress. When the process died, its run has ended
 * and it is buried. FAILED: the database. */
status hand_listen(struct hand *h, const struct hand_env *env, struct error *err);

void hand_cancel(struct hand *h, int sig); /* if it is busy */
void hand_release(struct hand *h);

#endif
