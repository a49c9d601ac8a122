/* batches.h - the rows of a split, batch after batch, in order or shuffled.
 *
 * A batch points straight into the data when its rows follow each other there and
 * start on a cache line; else they are gathered into a buffer that the next
 * batch overwrites.
 */
#ifndef ENGINE_BATCHES_H
#define ENGINE_BATCHES_H

#include "engine/data.h"

struct batch {
    int64_t n;            /* rows */
    int64_t at;           /* rows of the epoch before it */
    const float *x;       /* [n, x_size] */
    const float *target;  /* [n, target_size], NULL for classes */
    const int32_t *label; /* [n, target_size], NULL for values */
    const float *weight;  /* [n], NULL: all alike; not aligned */
};

struct batches {
    const struct rows *rows;
    int64_t x_size, target_size, size, at;
    int64_t *order;    /* [rows->n], NULL: as they lie */
    float *x, *target; /* buffers of one batch; NULL: never needed */
    int32_t *label;
    float *weight;
};

/* Batches of SIZE rows (the last may be smaller) of a split. With SHUFFLE in another
 * order each epoch, unless one batch holds all rows: then order changes nothing. */
status batches_init(struct batches *b, const struct data *data, enum split split, int64_t size, bool shuffle,
                    struct error *err);
void batches_release(struct batches *b);

/* Back to the first batch; a shuffled split gets the order of (SEED, EPOCH). */
void batches_begin(struct batches *b, uint64_t seed, int64_t epoch);
bool batches_next(struct batches *b, struct batch *out);

#endif
