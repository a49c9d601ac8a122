/* fitted.h - what a trained net needs beside its weights to read new rows: the columns of its table with
 * their words, its classes by name, transforms as they were fitted, the units of its targets.
 *
 * A text in JSON, data->fitted, made while data are loaded. Checkpoints and exported weights have it in their
 * metadata, so that rows can be read without those that the net was trained on.
 */
#ifndef ENGINE_FITTED_H
#define ENGINE_FITTED_H

#include "engine/data.h"

struct fitted_transform {
    const char *name; /* the plugin's */
    bool wide;        /* it took doubles */
    size_t ntensors;
    int64_t *n;      /* [ntensors] numbers in each; 0: not in use */
    double **tensor; /* [ntensors] */
};

struct fitted {
    struct arena *arena;
    fell_data_info source; /* what the source's plugin said, as far as a second dataset is held against it */
    double *target_mean, *target_deviation; /* [target_size], or NULL */
    size_t ntransforms;
    struct fitted_transform *transform;
};

/* TEXT read again; free it. Errors: it is not such a text, or of a later version. */
status fitted_read(const char *text, struct fitted **out, struct error *err);
void fitted_free(struct fitted *f);

/* The rows of spec->data.test, whose targets are passed over, in the columns that F knows and through its
 * transforms: split SPLIT_TEST of *OUT, the only one with rows. Their targets are numbers that the loss
 * takes, and mean nothing. Errors: as of data_load(); F is of another spec. */
status fitted_load(const struct fitted *f, const struct spec *spec, struct host_env *env, struct data **out,
                   struct problem *p);

/* N rows of zeros that went through the transforms likewise, for a net that is not asked about rows of a
 * file. SHAPE [transforms + 1], or NULL: of a row before each, and at the end. */
status fitted_blank(const struct fitted *f, const struct spec *spec, struct host_env *env, int64_t n,
                    fell_shape *shape, struct data **out, struct problem *p);

#endif
