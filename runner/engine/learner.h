/* learner.h - what learns: the planned net, the optimizer that moves it and the metrics that measure it. A
 * run has one; the net knows of neither.
 */
#ifndef ENGINE_LEARNER_H
#define ENGINE_LEARNER_H

#include <cjson/cJSON.h>

#include "engine/measure.h"
#include "engine/net.h"
#include "engine/update.h"

/* All NULL before learner_plan(). */
struct learner {
    struct net *net;
    struct update *update;
    struct measure *measure;
};

/* Plan all of it (net_new(), with BATCH as there) and check each against the others: empty calls of metrics
 * and optimizer, and what schedules and early stopping monitor. Errors in P, at the place in the spec. The
 * spec, the data and the env must outlive it. In any case end with learner_release(). */
status learner_plan(struct learner *l, const struct spec *spec, const struct data *data, struct host_env *env,
                    int64_t batch, struct problem *p);

/* Memory for all of it, and the first weights: net_initialise(). Once. */
status learner_fill(struct learner *l, const struct spec *spec, uint64_t seed, struct problem *p);

void learner_release(struct learner *l);

/* The layer table for `fell plan`: a JSON object {"rows": {...}, "input": [..], "classes": [..],
 * "layers": [{"name","plugin","from","shape","parameters","memory"}...], "parameters": N,
 * "memory": bytes in all, "steps_per_epoch": N}. */
cJSON *learner_to_json(const struct learner *l);

#endif
