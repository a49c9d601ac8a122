/* train.h - one run: the epoch loop.
 */
#ifndef ENGINE_TRAIN_H
#define ENGINE_TRAIN_H

#include "engine/data.h"
#include "engine/net.h"

/* What a finished epoch says. Values that are not finite stay so here; the
 * recorder stores NULL. Arrays are [positions], indexed by position. */
struct epoch_report {
    int64_t epoch;       /* from 1 */
    double loss[SPLITS]; /* NAN: the split does not exist */
    double grad_norm_mean, grad_norm_max;
    double lr;
    int64_t samples;
    double seconds;
    size_t npositions; /* 0 when gradients are not recorded */
    const double *tensor_grad_norm_mean, *tensor_grad_norm_max, *weight_norm, *update_norm;
    const int64_t *nonfinite;
    size_t nmetrics; /* values, all splits */
    const struct metric_value *metrics;
    bool partial; /* the run diverged in it */
};

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
};

/* Who listens to a run (the worker's pipe, a test). All pointers die with the call.
 * Functions may be NULL. */
struct train_listener {
    void *arg;
    void (*parameters)(void *arg, const struct net *net); /* before the first epoch */
    void (*epoch)(void *arg, const struct epoch_report *r);
    void (*step)(void *arg, const struct step_report *r);
    void (*event)(void *arg, const char *kind, const char *detail); /* warning, diverged, stopped ... */
    void (*checkpoint)(void *arg, int64_t epoch, const char *path, const char *sha256, bool best);
    bool (*cancelled)(void *arg); /* asked after each epoch */
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
bool run_end_is_good(const char *word);   /* the run did what was wanted of it: finished, stopped, pruned */

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
    int64_t export_epoch;          /* stop after it and export; 0: the last */
    const char *resume_path;       /* go on from this checkpoint, or NULL */
    const char *pause_path;        /* save the state here when paused or cancelled, or NULL */
    int64_t ask_epoch;             /* ask the listener after it, or at once if it is past; 0: never */
};

/* Train SPEC on DATA. Errors that are the spec's (found while planning or
 * initialising) come back FAILED with P; what happens in training is in RESULT. */
status train_run(const struct spec *spec, const struct data *data, struct host_env *env,
                 const struct run_options *options, const struct train_listener *listener,
                 struct run_result *result, struct problem *p);

#endif
