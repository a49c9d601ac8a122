/* init.h - the first values of one tensor.
 */
#ifndef ENGINE_INIT_H
#define ENGINE_INIT_H

#include "engine/problem.h"
#include "host/instance.h"
#include "spec/spec.h"

/* What layers' defaults were found to mean: reading YAML for every tensor of a small net
 * would take as long as training it for an epoch. */
struct init_defaults;
struct init_defaults *init_defaults_new(void);
void init_defaults_free(struct init_defaults *d);

/* A tensor to fill. `chosen` is the initialiser that the spec names, or NULL: then
 * `text`, the layer's own default as YAML ("zeros", "{constant: {value: 1}}"), is
 * looked up in env->registry. */
struct init_request {
    const char *who; /* for messages: "dense1.weight" */
    const struct choice *chosen;
    const char *text;
    struct init_defaults *defaults; /* may be NULL */
    fell_shape shape;
    int64_t n; /* floats in all */
    int64_t fan_in, fan_out;
    struct rng_stream stream;
};

/* PyTorch's fans of a weight [out, in, ...]: in times the rest, out times the rest. */
void init_fans(const fell_shape *weight, int64_t *fan_in, int64_t *fan_out);

/* The initialiser that a layer's default TEXT names; NULL, and WHY, when there is none of that name or it
 * cannot be loaded. */
const struct item *init_default_item(const char *text, struct registry *registry, struct error *why);

/* Fill W [n]. Errors (no such initialiser, settings that do not fit, what the plugin
 * says): in ERR, and in SETTING (64 bytes) the setting it is about, or "". */
status init_fill(const struct init_request *r, struct host_env *env, float *w, char *setting,
                 struct error *err);

#endif
