/* batches.h - the rows of a split, batch after batch, in order or shuffled.
 *
 * Rows go by in passes, each all rows once. An epoch is a pass, or so many batches of passes that go on over
 * the epochs. A batch points straight into the data when its rows follow each other there and
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
    int64_t x_size, target_size, size, at; /* at: rows of the pass before the next batch */
    int64_t steps;                         /* batches of an epoch; 0: a pass */
    int64_t left, done; /* of the epoch: batches to come, with `steps`; rows before the next */
    uint64_t seed;
    int64_t pass;      /* from 1; 0: none yet */
    int64_t *order;    /* [rows->n], NULL: as they lie */
    float *x, *target; /* buffers of one batch; NULL: never needed */
    int32_t *label;
    float *weight;
};

/* Batches of SIZE rows (the last may be smaller) of a split. With SHUFFLE in another
 * order each pass, unless one batch holds all rows: then order changes nothing. STEPS: batches of an epoch,
 * or 0: all rows once. */
status batches_init(struct batches *b, const struct data *data, enum split split, int64_t size, bool shuffle,
                    int64_t steps, struct error *err);
void batches_release(struct batches *b);

/* To the first batch of EPOCH, from 1; a shuffled split gets the order of (SEED, pass). */
void batches_begin(struct batches *b, uint64_t seed, int64_t epoch);
bool batches_next(struct batches *b, struct batch *out);

#endif
