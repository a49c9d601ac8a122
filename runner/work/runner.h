/* runner.h - runs an experiment: checks it in a worker, stores it, feeds N workers,
 * records what they say.
 */
#ifndef WORK_RUNNER_H
#define WORK_RUNNER_H

#include "record/recorder.h"
#include "trials/experiment.h"

struct progress; /* cli/progress.h */
struct process;  /* work/process.h */

struct runner_options {
    const char *db;      /* results/fell.db by default */
    int jobs;            /* 0: the cores */
    bool restart;        /* --new */
    bool extend;         /* --extend */
    const char *command; /* as typed, for the row */
    size_t nplugins;
    const char *const *plugins; /* --plugin FILE */
    struct progress *progress;  /* who is told; may be NULL */
    struct process *worker;     /* of runner_start_worker(), or NULL */
};

struct runner_summary {
    int64_t experiment_id;
    bool already_finished;
    int64_t runs, finished, failed; /* finished: or stopped early; failed: other ends than pruned */
    int64_t pruned;
    int64_t left;     /* that have not ended */
    bool interrupted; /* by the user */
    bool stopped;     /* by failures (on_failure) */
    bool valued;      /* some run has a value of the objective */
};

/* A worker that gets ready while this process reads the spec, for options.worker; what
 * follows takes it over or starts one itself. NULL: it could not be started now. */
struct process *runner_start_worker(size_t nplugins, const char *const *plugins);
void runner_stop_worker(struct process *p); /* NULL is fine */

/* Load the data and plan the net of every trial, in a worker. Problems become errors
 * at their places in D. PLAN_JSON, when not NULL, gets the layer table of the first
 * trial (free()). */
status runner_check(const struct experiment *e, const struct runner_options *o, char **plan_json,
                    struct diag *d);

/* E takes the seed of a stored experiment that it goes on with, if its own was drawn. */
status runner_run(struct experiment *e, struct registry *reg, const struct runner_options *o,
                  struct runner_summary *out, struct diag *d, struct error *err);

/* Train what experiment ID, which is in the database and claimed, has to do. E is not adaptive; of it name,
 * repeats, objective, pruner, npaths and first are looked at. Closes R. */
status runner_go_on(struct recorder *r, struct registry *reg, struct experiment *e, int64_t id,
                    const struct runner_options *o, struct runner_summary *out, struct error *err);

#endif
