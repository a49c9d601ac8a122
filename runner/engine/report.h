/* report.h - what a run says while it trains, who listens to it, and what it is asked to do: the words that
 * train.c shares with its parts and with everybody who hears of a run.
 */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/data.h"
#include "engine/numbers.h"

struct looks;
struct learner;
struct probe_report;

/* One metric of one split, in the order of a run's reports. */
struct metric_value {
    enum split split;
    const char *name; /* "accuracy", "f1.setosa" */
    double value;
};

/* What is recorded of one parameter tensor in one epoch. */
struct tensor_numbers {
    TENSOR_NUMBERS(NUMBER_FIELD)
};

/* What a finished epoch says. Values that are not finite stay so here; the recorder stores NULL. In one
 * piece with what its pointers point to, it is the body of a frame (record/packed.h). */
struct epoch_report {
    int64_t epoch;       /* from 1 */
    double loss[SPLITS]; /* the rows of EPOCH_LOSSES; NAN: the split does not exist */
    EPOCH_MEASURES(NUMBER_FIELD)
    int64_t partial;                      /* the run diverged in it */
    size_t npositions;                    /* 0 when gradients are not recorded */
    size_t nmetrics;                      /* values, all splits */
    const struct tensor_numbers *tensors; /* [npositions], by position */
    const struct metric_value *metrics;   /* [nmetrics] */
};
static_assert((0 EPOCH_LOSSES(NUMBER_ONE)) == SPLITS, "a loss for each split, in their order");

struct step_report {
    int64_t step; /* from 1 */
    double loss, lr, grad_norm;
    size_t npositions;
    const double *tensor_grad_norm;
};

/* What is to become of a run that asks. PAUSE: save it at pause_path and end this job. */
enum verdict { VERDICT_GO, VERDICT_PRUNE, VERDICT_PAUSE };

/* What a run that goes on from a checkpoint has behind it. Times are those of its earlier jobs, from
 * their start to the pause; 0 where the checkpoint does not tell (only that of pause_path does). */
struct run_resumed {
    int64_t epoch, step;
    double seconds, cpu_seconds;
    bool inside; /* of the epoch behind it some steps are done */
};

/* Who listens to a run (the worker's pipe, a test). All pointers die with the call.
 * Functions may be NULL. */
struct train_listener {
    void *arg;
    void (*parameters)(void *arg, const struct learner *learner); /* before the first epoch */
    void (*epoch)(void *arg, const struct epoch_report *r);
    void (*step)(void *arg, const struct step_report *r);
    void (*probe)(void *arg, const struct looks *l, const struct probe_report *r); /* look.h; after the
                                                                                     epoch's own */
    void (*event)(void *arg, const char *kind, const char *detail); /* warning, diverged, stopped ... */
    void (*checkpoint)(void *arg, int64_t epoch, const char *path, const char *sha256, bool best);
    /* Asked after each epoch; with NOW, after each step: whether it is to end there, saved at pause_path. */
    bool (*cancelled)(void *arg, bool now);
    /* After epoch run_options.ask_epoch: whether the run goes on. *NEXT, 0 before the call, gets the
     * epoch after which this is asked again; 0: never. NULL: nobody asks. */
    enum verdict (*ask)(void *arg, int64_t epoch, int64_t *next);
    void (*resumed)(void *arg,
                    const struct run_resumed *from); /* before the first epoch, after parameters() */
    void (*saving)(void *arg); /* a checkpoint is about to be written: what was said is to be safe first */
};

enum run_end {
    RUN_FINISHED,
    RUN_STOPPED,
    RUN_PRUNED,
    RUN_DIVERGED,
    RUN_FAILED,
    RUN_INTERRUPTED,
    RUN_PAUSED /* goes on later from its pause_path; no status of a run in the database */
};
const char *run_end_word(enum run_end e); /* the database's `status` */

struct run_result {
    enum run_end end;
    int64_t epochs_done;
    double seconds;   /* training only; of this job */
    char error[1024]; /* diverged and failed: what and where */
};

struct run_options {
    uint64_t seed;                 /* of this repeat */
    const char *resolved;          /* the spec's own text, which checkpoints must agree on; NULL: need not */
    const char *checkpoint_folder; /* NULL: checkpoints are off */
    const char *export_path;       /* write the last weights here (safetensors), or NULL */
    int64_t export_epoch;          /* stop after it and export; 0: the last; below: before the first step */
    const char *resume_path;       /* go on from this checkpoint, or NULL */
    const char *pause_path;        /* save the state here when paused or cancelled, or NULL */
    const char *objective;         /* what the best checkpoint is best at; NULL: the spec says */
    bool maximize;                 /* its largest value is the best */
    int64_t ask_epoch;             /* ask the listener after it, or at once if it is past; 0: never */
};

#endif
