/* look.h - probes at work: when they look, at which rows, what they may ask of the net, and what
 * they say.
 *
 * A look leaves no trace: weights and running statistics are put back, streams are a function of
 * the epoch, and the rows of training are not touched. So all other recorded numbers are the same
 * bits with probes and without.
 */
#ifndef ENGINE_LOOK_H
#define ENGINE_LOOK_H

#include "engine/data.h"
#include "engine/learner.h"

/* One number that a probe gave. */
struct probe_value {
    uint32_t number;  /* of the item's table */
    int32_t at;       /* entry or tensor; 0 for the net */
    int64_t position; /* 0 where there is one number */
    double value;     /* not finite: the recorder stores NULL */
};

/* What one look of one probe said, in the order in which it said it. */
struct probe_report {
    int64_t epoch; /* from 0 */
    size_t probe;  /* of the spec */
    size_t n;
    const struct probe_value *value; /* [n] */
};

struct looks;

/* What every look knows of the run. */
struct look_time {
    int64_t epoch, step; /* behind */
    double lr;           /* of the last step */
};

/* Plan the probes of SPEC for a LEARNER whose parameters were just filled: these are the first weights. SEED
 * is the repeat's. NULL in *OUT where the spec has no probes. Errors in P at the probe. */
status looks_new(const struct spec *spec, const struct data *data, const struct learner *learner,
                 struct host_env *env, uint64_t seed, struct looks **out, struct problem *p);
void looks_free(struct looks *l);

/* Before the steps of an epoch: its first weights. All take NULL for no probes. */
void looks_begin_epoch(struct looks *l);

/* Which probe looks next at T.epoch, from probe *NEXT on: all that are due, with LAST all that have not
 * looked at this epoch yet. False: none is left. Else REPORT has what it said, until the next call; or
 * *FAILED_AT is set and ERR says why. */
bool looks_next(struct looks *l, const struct look_time *t, bool last, size_t *next,
                struct probe_report *report, status *result, struct error *err);

/* Words of a value: the probe's name, the number's, and the layer or tensor, "" for the net. */
const char *looks_probe(const struct looks *l, size_t probe);
const char *looks_number(const struct looks *l, size_t probe, uint32_t number);
const char *looks_layer(const struct looks *l, size_t probe, uint32_t number, int32_t at);

/* What a checkpoint holds: arrays of states, [*floats] under a NAME of its own ("probe/path/last"), and the
 * last values of numbers with a name (probe_names.h). False: no array I. */
bool looks_state(struct looks *l, size_t i, const char **name, float **values, int64_t *floats);
/* PATTERN behind the weights that probes see, now, at first and before: for who tries them out, with an
 * environment that has `unset`. */
void looks_guard(struct looks *l, uint32_t pattern);

/* The first weights, and those before the epoch, [*floats]. */
const float *looks_first(const struct looks *l, int64_t *floats);
const float *looks_before(const struct looks *l, int64_t *floats);
double *looks_values(struct looks *l, size_t *n);

#endif
