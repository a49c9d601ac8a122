/* columns.h - the gradient of a bias: columns of a matrix, each summed over the rows.
 *
 * Rows upwards, in double, so that the result does not depend on threads or vectors. Included by the
 * recurrent layers, attention and positional.
 */
#ifndef LAYER_COLUMNS_H
#define LAYER_COLUMNS_H

#include "fell/plugin.h"

/* Columns of d[rows,n], LD floats from row to row, added to grad[n]. */
struct columns {
    fell_ctx *ctx;
    const float *d;
    int64_t rows, n, ld;
    float *grad;
};

FELL_KERNEL(columns_add, struct columns)
{
    const int64_t n = c->n;
    double *sum = fell_scratch(c->ctx, n, sizeof *sum);

    if (!sum)
        return FELL_ERROR;
    for (int64_t j = 0; j < n; j++)
        sum[j] = 0.0;
    for (int64_t i = 0; i < c->rows; i++) {
        const float *d = c->d + i * c->ld;

        FELL_EACH for (int64_t j = 0; j < n; j++) sum[j] += (double)d[j];
    }
    for (int64_t j = 0; j < n; j++)
        c->grad[j] += (float)sum[j];
    return FELL_OK;
}

#endif
