/* strategies.h - the names of strategies and pruners and their settings, as tables.
 *
 * The spec reader, the JSON Schema and the reference pages read these and nothing else, so
 * that a setting is added in one place.
 */
#ifndef SWEEP_STRATEGIES_H
#define SWEEP_STRATEGIES_H

#include "fell/plugin.h"
#include "sweep/pruner.h"
#include "sweep/suggest.h"

/* Trials are all combinations of the values (`drawn` and `suggest` are 0), or points of a sampler, or learnt
 * from results. */
struct strategy {
    const char *name, *doc; /* doc: one sentence */
    bool drawn;
    enum sampler sampler; /* of drawn points; SAMPLER_RANDOM, which has any number of dimensions, otherwise */
    sweep_suggest *suggest;
    size_t nparams;
    const fell_param *params;
    size_t settings_size; /* of the struct that params fill, first a struct sweep_settings; 0: none */
};

/* One kind of pruner; params fill struct pruner, whose `kind` the reader sets. */
struct pruner_kind {
    const char *name, *doc;
    enum pruner_rule kind;
    size_t nparams;
    const fell_param *params;
};

extern const struct strategy strategies[];
extern const size_t strategies_count;
extern const struct pruner_kind pruner_kinds[];
extern const size_t pruner_kinds_count;

/* By name; NULL if there is none. */
const struct strategy *strategy_find(const char *name);

#endif
