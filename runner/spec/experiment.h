/* experiment.h - a spec file with its overrides and its sweep: all trials, resolved
 * and checked before the first run starts.
 */
#ifndef SPEC_EXPERIMENT_H
#define SPEC_EXPERIMENT_H

#include "spec/spec.h"

/* One swept value of one trial. */
struct axis_value {
    const char *path;                                /* model.0.dense.units */
    const char *text;                                /* as written; switches as true or false */
    enum { VALUE_TEXT, VALUE_INT, VALUE_REAL } type; /* by the setting's own type */
    int64_t i;
    double x;
};

struct trial {
    struct spec *spec;
    const char *resolved; /* spec_to_json, printed without blanks */
    size_t nvalues;
    struct axis_value *values;
};

struct experiment {
    struct arena *arena;
    struct tree *tree;
    const char *name;
    const char *text;     /* the spec as written, includes and overrides resolved (YAML) */
    char spec_sha256[65]; /* of the resolved spec and sweep, a drawn seed left out */
    uint64_t seed;
    bool seed_drawn;
    int64_t repeats;
    size_t ntrials; /* 1 without a sweep; equal resolved trials are kept once */
    struct trial *trials;
    size_t ndropped; /* equal trials dropped */
};

/* PATH with OVERRIDES applied in order, checked whole: structure, plugins, settings,
 * every value of every axis. NULL when D has errors. A seed that is absent is
 * drawn from the system. The sections that are not supported yet are errors that
 * say so. */
struct experiment *experiment_load(struct registry *r, const char *path, size_t noverrides,
                                   const char *const *overrides, struct diag *d);
void experiment_free(struct experiment *e);

#endif
