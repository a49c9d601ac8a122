/* strategies.c - the tables of strategies.h; no code but the look-up. */
#include "sweep/strategies.h"

#include <math.h>
#include <string.h>

#include "sweep/tpe.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define TRIALS FELL_INT(struct sweep_settings, trials, 0, 1, 1000000, FELL_REQUIRED, "How many trials.")
#define LAG(S)                                                                                               \
    FELL_INT(S, lag, 8, 0, 1000000, 0,                                                                       \
             "How many trials just before one it may not know, and so may run at the same time.")

static const fell_param sampler_params[] = {
    TRIALS,
};

static const fell_param tpe_params[] = {
    TRIALS,
    LAG(struct sweep_settings),
    FELL_INT(struct sweep_settings, startup, 10, 1, 1000000, 0,
             "Results that must be known before the first suggestion; until then points are spread evenly."),
    FELL_INT(struct tpe_settings, candidates, 24, 1, 100000, 0,
             "Points drawn from the good density, of which the most promising is taken."),
    FELL_FLOAT(struct tpe_settings, gamma, 0.15, 0, 1, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "The share of the results that counts as good, at most 25 of them."),
};

#define SAMPLE(word, sampler_, text)                                                                         \
    {                                                                                                        \
        .name = word, .doc = text, .drawn = true, .sampler = sampler_, .nparams = COUNT(sampler_params),     \
        .params = sampler_params, .settings_size = sizeof(struct sweep_settings)                             \
    }

const struct strategy strategies[] = {
    {.name = "grid", .doc = "Every combination of the values."},
    SAMPLE("random", SAMPLER_RANDOM, "Independent points."),
    SAMPLE("sobol", SAMPLER_SOBOL, "Points of a scrambled Sobol' sequence, which fill the space evenly."),
    SAMPLE("halton", SAMPLER_HALTON, "Points of a scrambled Halton sequence, which fill the space evenly."),
    SAMPLE("latin", SAMPLER_LATIN, "A Latin hypercube: every setting is spread evenly over the trials."),
    {.name = "tpe",
     .doc = "Points where earlier results were good: a tree-structured Parzen estimator.",
     .suggest = tpe_suggest,
     .nparams = COUNT(tpe_params),
     .params = tpe_params,
     .settings_size = sizeof(struct tpe_settings)},
};
const size_t strategies_count = COUNT(strategies);

#define MINIMUM                                                                                              \
    FELL_INT(struct pruner, minimum, 1, 1, INFINITY, 0, "The epoch at whose end the first decision is made.")
#define REDUCTION FELL_INT(struct pruner, reduction, 3, 2, INFINITY, 0, "One trial in how many goes on.")

static const fell_param median_params[] = {
    MINIMUM,
    FELL_INT(struct pruner, interval, 1, 1, INFINITY, 0, "Epochs from one decision to the next."),
    FELL_INT(struct pruner, startup, 5, 1, INFINITY, 0,
             "Trials whose value at the same epoch must be known before one is pruned."),
    LAG(struct pruner),
};
static const fell_param asha_params[] = {MINIMUM, REDUCTION, LAG(struct pruner)};
static const fell_param hyperband_params[] = {MINIMUM, REDUCTION, LAG(struct pruner)};

const struct pruner_kind pruner_kinds[] = {
    {"median", "Ends a trial that is worse than the median of the earlier ones at the same epoch.",
     PRUNER_MEDIAN, COUNT(median_params), median_params},
    {"asha", "Asynchronous successive halving: at each rung the best share of the trials goes on.",
     PRUNER_ASHA, COUNT(asha_params), asha_params},
    {"hyperband", "Successive halving in several brackets, which differ in when they begin to prune.",
     PRUNER_HYPERBAND, COUNT(hyperband_params), hyperband_params},
};
const size_t pruner_kinds_count = COUNT(pruner_kinds);

const struct strategy *strategy_find(const char *name)
{
    for (size_t i = 0; i < strategies_count; i++)
        if (strcmp(strategies[i].name, name) == 0)
            return &strategies[i];
    return NULL;
}
