/* training.h - what is to be trained, how, and what came of it: the words that runner.c shares with its parts
 * and with the commands that call it.
 */
#ifndef WORK_TRAINING_H
#define WORK_TRAINING_H

#include "trials/experiment.h"
#include "work/deadline.h"
#include "work/run_listener.h"
#include "work/shard.h"

struct process; /* work/process.h */

/* What the command line says, for all experiments alike. */
struct runner_options {
    const char *db;      /* results/fell.db by default */
    int jobs;            /* 0: the cores */
    bool restart;        /* --new */
    bool extend;         /* --extend */
    const char *command; /* as typed, for the row */
    size_t nplugins;
    const char *const *plugins;          /* --plugin FILE */
    const struct run_listener *listener; /* may be NULL */
    struct process *worker;              /* of runner_start_worker(), or NULL */
    struct deadline deadline;            /* --until */
    struct shard_place shard;            /* --shard */
    const char *rows;                    /* of scout_all(): the split whose rows the plan lists; or NULL */
};

struct runner_summary {
    int64_t experiment_id;
    bool already_finished;
    int64_t runs, finished, failed; /* finished: or stopped early; failed: other ends than pruned */
    int64_t pruned;
    int64_t left;     /* that have not ended */
    bool interrupted; /* by the user, or who ends the job */
    bool later;       /* it is to go on by itself: nobody at a keyboard interrupted it */
    bool stopped;     /* by failures (on_failure) */
    bool valued;      /* some run has a value of the objective, where the spec names one */
};

/* An experiment whose runs are rows: of one that a spec describes, or that the rows alone describe. */
struct training {
    const char *name;
    const struct spec *first; /* of the first trial; on_failure and retries are those of every other */
    int64_t repeats;
    bool swept; /* runs have values in run_params */
    struct sweep_objective objective;
    struct pruner pruner;        /* PRUNER_NONE: nothing is pruned */
    struct experiment *adaptive; /* it suggests trials that are no rows yet; NULL: none */
};

static inline struct training training_of(struct experiment *e)
{
    return (struct training){.name = e->name,
                             .first = e->first,
                             .repeats = e->repeats,
                             .swept = e->npaths > 0,
                             .objective = e->objective,
                             .pruner = e->pruner,
                             .adaptive = e->adaptive ? e : NULL};
}

#endif
