/* classes.h - what losses over classes share: labels and the weights of the classes. */
#ifndef LOSS_CLASSES_H
#define LOSS_CLASSES_H

#include "fell/plugin.h"

/* A row without a class, which counts for nothing. */
enum { NO_CLASS = -1 };

/* The setting class_weights of struct S. */
#define CLASS_WEIGHTS(S)                                                                                     \
    FELL_FLOATS(S, class_weights, "[]", 0, INFINITY, FELL_MAX_OPEN,                                          \
                "Weight of each class in the mean, one number from 0 up for each class; empty: all 1.")

FELL_INLINE float class_weight(const fell_floats *weights, int64_t label)
{
    return weights->n ? (float)weights->v[label] : 1.0f;
}

static inline fell_status class_weights_fit(fell_ctx *ctx, const fell_floats *weights, int64_t classes)
{
    double sum = 0.0;

    for (int64_t k = 0; k < weights->n; k++)
        sum += weights->v[k];
    if (weights->n && sum == 0.0)
        return fell_fail(ctx, "class_weights: all are 0, so that no row counts");
    if (!weights->n || weights->n == classes)
        return FELL_OK;
    return fell_fail(ctx, "class_weights: %lld values for %lld classes", (long long)weights->n,
                     (long long)classes);
}

static inline fell_status class_fits(fell_ctx *ctx, int32_t label, int64_t classes)
{
    if (label >= NO_CLASS && label < classes)
        return FELL_OK;
    return fell_fail(ctx, "class %d is not one of the %lld outputs (0 to %lld)", label, (long long)classes,
                     (long long)classes - 1);
}

#endif
