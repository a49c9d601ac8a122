/* experiment.h - a spec file with its overrides and its sweep: which trials there are, and
 * each of them resolved, on demand.
 *
 * Everything is checked when the experiment is loaded: each trial of a strategy that is not
 * adaptive, and each value of each axis. What is kept of a trial is a number, so a
 * hundred thousand trials are small; experiment_trial() makes one of them anew.
 */
#ifndef TRIALS_EXPERIMENT_H
#define TRIALS_EXPERIMENT_H

#include "spec/spec.h"
#include "sweep/pruner.h"

/* One swept value of one trial. */
struct axis_value {
    const char *path; /* model.0.dense.units */
    const char *text; /* as written; switches as true or false; lists and maps as JSON; of a value with a name
                         that name */
    const char *json; /* of a value with a name: the value; else NULL */
    enum { VALUE_TEXT, VALUE_INT, VALUE_REAL } type; /* by the setting's own type */
    bool null;                                       /* null was written, which turns a setting off */
    int64_t i;
    double x;
};

/* Resolved; all of it is in the arena that the caller gave, or the experiment's. */
struct trial {
    int64_t number; /* from 0 */
    struct spec *spec;
    const char *resolved; /* spec_to_json, printed without blanks */
    const char *known_by; /* the same with the number of each file in the place of its path: wherever the
                             files are, it is this trial; NULL of a stored trial */
    const char *before;   /* the same with the paths as versions before 0.2 wrote them; NULL likewise */
    size_t nvalues;       /* of the axes whose settings exist in this trial */
    struct axis_value *values;
};

/* What makes a trial good. */
struct sweep_objective {
    bool maximize;
    const char *name; /* "validation.loss", "test.accuracy"; NULL: the default, which is validation.loss,
                         and train.loss without a validation split */
    bool last;        /* of the last epoch; else of the best one */
    struct place at;
};

/* A file that the sweep itself names: the rows of a list. */
struct experiment_file {
    const char *role; /* "sweep.list" */
    const char *path; /* absolute */
    char sha256[65];
    int64_t rows;
};

struct experiment {
    struct arena *arena;
    struct tree *tree;
    const char *name;
    const char *text;       /* the spec as written, includes and overrides resolved (YAML) */
    char spec_sha256[65];   /* of the resolved spec and sweep, a drawn seed and the files' places left out */
    char before_sha256[65]; /* what it was in versions before 0.2, where the places of files had a say */
    uint64_t seed;
    bool seed_drawn;
    int64_t repeats;
    const struct spec *first; /* the first trial's; adaptive: with each axis at its first or lowest value */
    int64_t ntrials;          /* adaptive: as many as are asked for; there may be fewer */
    int64_t nequal;           /* combinations, or points drawn, equal to an earlier trial */
    int64_t nexcluded;        /* by `where` */
    bool sampled;             /* trials are drawn, not enumerated */
    bool adaptive;            /* trial t depends on results: experiment_suggest() */
    int64_t lag;              /* adaptive: of trials 0 .. t - 1 - lag */
    const char *strategy;     /* with its settings, as JSON: {"tpe":{"trials":50,...}} */
    struct sweep_objective objective;
    struct pruner pruner;
    size_t nscouts; /* trials that together show every value of every axis, of numbers the ends */
    size_t npaths;
    const char *const *paths; /* all that are swept, in the order written */
    size_t nfiles;
    struct experiment_file *files;
    struct trials *trials; /* private */
};

/* PATH with OVERRIDES applied in order, checked whole: structure, plugins, settings, every
 * value of every axis, every trial that is known. NULL when D has errors. A seed that is absent is
 * drawn from the system. R must live as long as the experiment. */
struct experiment *experiment_load(struct registry *r, const char *path, size_t noverrides,
                                   const char *const *overrides, struct diag *d);

/* Where the states of recorded runs are (train.initial_weights: {run: 12, epoch: 0}): FIND gives the file of
 * RUN after EPOCH (a number, best or last) in *PATH, which is the finder's, or says why there is none. The
 * same answer for the same question, as long as the experiment lives. */
struct weights_finder {
    status (*find)(void *arg, int64_t run, const char *epoch, const char **path, struct error *err);
    void *arg;
};

/* experiment_load() of specs that name runs; without a finder such a name is an error. */
struct experiment *experiment_load_with(struct registry *r, const char *path, size_t noverrides,
                                        const char *const *overrides, const struct weights_finder *finder,
                                        struct diag *d);
void experiment_free(struct experiment *e);

/* Take SEED for one that was drawn, to go on with an experiment that is stored: trials that are drawn
 * are drawn again. Before the first experiment_suggest(). */
status experiment_reseed(struct experiment *e, uint64_t seed, struct diag *d);

/* What the points are of which no trial was made, after "were". */
const char *experiment_passed_over(const struct experiment *e);

/* Trial NUMBER of a strategy that is not adaptive. FAILED only where loading would have. */
status experiment_trial(const struct experiment *e, int64_t number, struct arena *arena, struct trial *out,
                        struct diag *d);

/* Scout I of nscouts, for the check of data and plan before anything is stored; OUT's number is I. */
status experiment_scout(const struct experiment *e, size_t i, struct arena *arena, struct trial *out,
                        struct diag *d);

/* Adaptive: the next trial, 0 at the first call, then 1, 2, ... VALUE [n]: results of trials 0 .. n-1,
 * lower is better (the caller turns maximize around), NAN: failed. Of trial t the first t - lag
 * are looked at and no more, whatever N is; N must not be less. *NONE: there is no further trial:
 * all are suggested, or 1000 attempts found none that is new and not excluded. */
status experiment_suggest(struct experiment *e, size_t n, const double *value, struct arena *arena,
                          struct trial *out, bool *none, struct diag *d);

/* Adaptive: the next trial, which is stored already, with its resolved spec and values (its `spec` is not
 * looked at), instead of experiment_suggest(). Whether this experiment has such a trial: of one that was
 * extended some may be of another space, which say nothing about this one. */
bool experiment_recall(struct experiment *e, const struct trial *stored);

/* A resolved spec without its number of repeats, which makes more runs and no other ones; free() it. */
char *resolved_without_repeats(const char *resolved);

#endif
