/* data_work.h - one transform at work on the rows of a split: planned, its tensors, calls of it. For
 * data_transform.c, whose rows are in memory, and data_stream.c, whose rows are read again.
 */
#ifndef ENGINE_DATA_WORK_H
#define ENGINE_DATA_WORK_H

#include "engine/data_parts.h"

#define WORK_SECTION "data.transforms"

struct work {
    const struct choice *choice;
    const struct item *item;
    int index; /* in the spec */
    struct instance in;
    fell_shape from; /* of a row that goes in */
    fell_plan plan;
    int64_t in_size, out_size;
    int64_t parked;       /* the last numbers of a row, which it does not see: of embedded columns */
    float **tensor;       /* [ntensors] */
    float **none;         /* [ntensors] of NULL: there are no gradients */
    bool wide;            /* rows and tensors are doubles */
    double **wide_tensor; /* [ntensors] */
    fell_column *taken;   /* [data->ncolumns] of the rows that go in */
    fell_column *column;  /* [data->ncolumns] of those that come out */
};

/* The transform INDEX of SPEC on rows as DATA has them now; work_release() also after an error. Errors: what
 * plan() says, no memory. */
status work_open(struct work *w, struct data *data, const struct spec *spec, size_t index, bool wide,
                 struct host_env *env, struct problem *p);
void work_release(struct work *w);

/* Streams of transforms are told from those of datasets by their instance. */
struct rng_stream work_stream(const struct spec *spec, const struct work *w, uint64_t step);

/* What a transform is asked to do. */
struct work_verb {
    fell_status (*fn)(fell_layer_call *); /* forward or fit; of doubles forward64 or fit64 */
    bool training;
    fell_fit_part *part; /* or NULL; else fit_part, not FN */
};

/* BATCH rows of X [batch, in_size] to Y [batch, out_size], or NULL where it is fitted: floats, or doubles
 * where W is wide. */
status work_call(struct work *w, const struct work_verb *verb, const void *x, int64_t batch, void *y,
                 struct problem *p);

/* N numbers of rows FIRST and on of split S go in: a layer that takes whole numbers below plan.indices relies
 * on the host's check. X or, where it is NULL, WIDE. */
status work_check_indices(const struct work *w, const float *x, const double *wide, int64_t n, int64_t first,
                          enum split s, struct problem *p);

/* Number AT of the rows of S that came out is V. FAILED. */
status work_not_finite(const struct work *w, enum split s, int64_t at, double v, struct problem *p);

/* The transform, fitted, is noted in data->fitting. */
void fitted_add(struct data *data, const struct work *w);

/* DATA's rows are now what comes out: their shape, and their columns where these are still a table's. */
void work_settle(struct data *data, struct work *w);

/* No value is missing, or the first of the transforms, which there are, fills it. */
status work_check_gaps(const struct data *data, const struct spec *spec, struct problem *p);

#endif
