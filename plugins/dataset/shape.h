/* shape.h - the setting `shape` of datasets: one row's inputs seen as [C,H,W] or [T,D]. */
#ifndef DATASET_SHAPE_H
#define DATASET_SHAPE_H

#include "fell/plugin.h"

/* Into X the SHAPE that the setting gives for the INPUTS numbers in a row of FILE; where
 * it is empty, X stays as it is. */
static inline fell_status shape_settle(fell_ctx *ctx, const fell_ints *shape, int64_t inputs,
                                       const char *file, fell_shape *x)
{
    int64_t size = 1;

    if (shape->n == 0)
        return FELL_OK;
    if (shape->n > 4)
        return fell_fail(ctx, "shape: %lld dimensions; at most 4 are possible", (long long)shape->n);
    x->rank = shape->n;
    for (int64_t i = 0; i < shape->n; i++) {
        x->dim[i] = shape->v[i];
        size = size <= inputs ? size * shape->v[i] : size;
    }
    if (size != inputs)
        return fell_fail(ctx, "shape: does not fit the %lld input%s of a row of %s", (long long)inputs,
                         inputs == 1 ? "" : "s", file);
    return FELL_OK;
}

#endif
