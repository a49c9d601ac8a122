/* points.h - what the generators of labelled points share: rows [D] of floats, each
 * with a class.
 *
 * Included by moons.c, circles.c and blobs.c, which place the points.
 */
#ifndef DATASET_POINTS_H
#define DATASET_POINTS_H

#include <stdlib.h>

#include "fell/plugin.h"

struct points {
    int64_t rows, features, classes;
    float *x;       /* [rows, features] */
    int32_t *label; /* [rows] */
};

static inline void points_close(void *self)
{
    struct points *p = self;

    free(p->x);
    free(p->label);
    free(p);
}

/* Room for ROWS points; NULL with an error when memory is out. X begins with numbers of
 * N(0,1) that the experiment's seed draws, to become the noise. */
static inline struct points *points_open(fell_data_info *info, int64_t rows, int64_t features,
                                         int64_t classes)
{
    struct points *p = calloc(1, sizeof *p);

    if (p) {
        *p = (struct points){rows, features, classes, NULL, NULL};
        p->x = features <= (1LL << 40) / rows ? malloc((size_t)(rows * features) * sizeof *p->x) : NULL;
        p->label = malloc((size_t)rows * sizeof *p->label);
    }
    if (!p || !p->x || !p->label) {
        if (p)
            points_close(p);
        fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)rows);
        return NULL;
    }
    fell_normal(info->ctx, p->x, rows * features);
    info->self = p;
    info->rows = rows;
    info->x = fell_vec(features);
    info->target = fell_vec(1);
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->nclasses = classes;
    return p;
}

/* Point I: its class, and its place with NOISE times the number that lies there added. */
static inline void points_set(struct points *p, int64_t i, int32_t label, const double *place, double noise)
{
    float *x = p->x + i * p->features;

    p->label[i] = label;
    for (int64_t j = 0; j < p->features; j++)
        x[j] = (float)(place[j] + noise * (double)x[j]);
}

static inline fell_status points_read(fell_read_call *c)
{
    const struct points *p = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        const int64_t row = c->row[i];

        memcpy(c->x + i * p->features, p->x + row * p->features, (size_t)p->features * sizeof *p->x);
        if (c->target)
            c->target[i] = (float)p->label[row];
        if (c->label)
            c->label[i] = p->label[row];
    }
    return FELL_OK;
}

#endif
