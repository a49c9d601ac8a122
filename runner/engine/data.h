/* data.h - the rows of a run: read by dataset plugins, split, transformed.
 *
 * data_load() reads everything into memory once; workers keep it from run to run
 * as long as data, transforms and experiment seed are the same (data_key()).
 */
#ifndef ENGINE_DATA_H
#define ENGINE_DATA_H

#include "engine/problem.h"
#include "host/instance.h"
#include "spec/spec.h"

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLITS };
const char *split_name(enum split s); /* "train", "validation", "test" */

struct rows {
    int64_t n;           /* 0: the split does not exist */
    float *x;            /* [n, x_size] after the transforms, 64-byte aligned */
    float *target;       /* [n, target_size], NULL for classes */
    int32_t *label;      /* [n, target_size], NULL for values */
    int64_t *source_row; /* [n] row of the source; NULL: all of a dataset, in order */
};

struct data {
    struct rows split[SPLITS];
    fell_shape x, target; /* of one row, x after the transforms */
    int64_t x_size, target_size;
    bool classes; /* labels, not values */
    int64_t nclasses;
    char **class_names;                              /* [nclasses], NULL without names */
    int64_t source_rows, test_rows, validation_rows; /* of each dataset as read */
};

/* Read, split (by the experiment's seed, the same in every repeat), fit transforms
 * on the training rows, apply them to all. Classes of test and validation sets are
 * matched to the source's by name. Errors, in P: whatever the dataset plugin
 * says, no rows, a label outside the classes, inputs that are not finite, a split that
 * leaves no training row, shapes that differ between source and test. */
status data_load(const struct spec *spec, struct host_env *env, struct data **out, struct problem *p);
void data_free(struct data *d);

/* What the data depends on, as text: equal keys, equal data. */
char *data_key(const struct spec *spec);

#endif
