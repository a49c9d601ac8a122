/* sweep_keys.c - the keys of `sweep:` and of its objective. See sweep_keys.h. No code. */
#include "trials/sweep_keys.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const fell_param objective_params[] = {
    FELL_STRING(struct objective_settings, minimize, NULL, FELL_MONITOR,
                "A recorded value, SPLIT.NAME; lower is better."),
    FELL_STRING(struct objective_settings, maximize, NULL, FELL_MONITOR,
                "A recorded value, SPLIT.NAME; higher is better."),
    FELL_ENUM(struct objective_settings, at, "best", "best|last", "Of the best epoch, or of the last."),
};
const struct spec_section spec_section_objective = {
    .name = "sweep.objective", .nparams = COUNT(objective_params), .params = objective_params};

static const struct spec_key sweep_keys[] = {
    {.name = "strategy",
     .form = KEY_FORM,
     .doc = "How trials are chosen: grid (the default), random, sobol, halton, latin, tpe."},
    {.name = "over",
     .form = KEY_FORM,
     .required = true,
     .doc = "Paths, each with its values; zip, product, union and list combine them."},
    {.name = "where", .form = KEY_FORM, .doc = "An SQL expression: which trials there are."},
    {.name = "objective",
     .form = KEY_FORM,
     .section = &spec_section_objective,
     .doc = "What makes a trial good."},
    {.name = "pruner", .form = KEY_FORM, .doc = "When a poor trial ends."},
};
const struct spec_section spec_section_sweep = {
    .name = "sweep", .nkeys = COUNT(sweep_keys), .keys = sweep_keys};
