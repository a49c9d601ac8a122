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
};

enum run_end { RUN_FINISHED, RUN_STOPPED, RUN_DIVERGED, RUN_FAILED, RUN_INTERRUPTED };
const char *run_end_word(enum run_end e); /* the database's `status` */

struct run_result {
    enum run_end end;
    int64_t epochs_done;
    double seconds;   /* training only */
    char error[1024]; /* diverged and failed: what and where */
};

struct run_options {
    uint64_t seed;                 /* of this repeat */
    const char *checkpoint_folder; /* NULL: checkpoints are off */
    const char *export_path;       /* write the last weights here (safetensors), or NULL */
    int64_t export_epoch;          /* stop after it and export; 0: the last */
};

/* Train SPEC on DATA. Errors that are the spec's (found while planning or
 * initialising) come back FAILED with P; what happens in training is in RESULT. */
status train_run(const struct spec *spec, const struct data *data, struct host_env *env,
                 const struct run_options *options, const struct train_listener *listener,
                 struct run_result *result, struct problem *p);

#endif
