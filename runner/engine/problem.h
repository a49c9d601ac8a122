/* problem.h - an error of a spec that only the engine can find (shapes, class
 * counts, data files), with the part of the spec it belongs to, so that the
 * runner can show it at its place in the YAML file.
 */
#ifndef ENGINE_PROBLEM_H
#define ENGINE_PROBLEM_H

#include "base/error.h"
#include "host/instance.h"

struct problem {
    char section[24]; /* "data.source", "data.test", "data.validation", "data.transforms",
                         "model", "model.init", "loss", "optimizer", "schedule", "metrics",
                         "train.initial_weights", "train.masks", "train.micro_batch", "train.early_stopping",
                         "train", "" */
    int index;        /* in lists: which; else 0 */
    char setting[64]; /* a setting of the plugin there, or "" */
    char text[2048];
};

__attribute__((format(printf, 5, 6))) status problem_set(struct problem *p, const char *section, int index,
                                                         const char *setting, const char *fmt, ...);

/* "WHO: no memory for ..."; WHO "": of nobody in particular. FMT says for what. */
__attribute__((format(printf, 5, 6))) status
problem_no_memory(struct problem *p, const char *section, int index, const char *who, const char *fmt, ...);

/* The message of a failed callback as a problem of SECTION. */
status problem_of_instance(const struct instance *in, const char *section, int index, struct problem *p);

#endif
