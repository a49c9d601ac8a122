/* forest.h - one regression tree of a random forest (Breiman 2001), over settings cut into levels.
 *
 * A setting has at most FOREST_LEVELS levels, so that a part of it is the bits of a word.
 */
#ifndef SWEEP_FOREST_H
#define SWEEP_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

enum { FOREST_LEVELS = 64, FOREST_NONE = 255 };

struct forest_setting {
    uint32_t levels; /* 0: never in use */
    bool ordered;    /* a number: levels are split below and above a cut; else into any two sets */
    double weight[FOREST_LEVELS]; /* how often a level occurs: [levels], adding up to 1 */
};

struct forest_data {
    size_t nrows, ndims;
    const struct forest_setting *setting; /* [ndims] */
    const uint8_t *level;                 /* [nrows,ndims]; FOREST_NONE: not in use */
    const double *y;                      /* [nrows] */
};

struct forest_node {
    double value;  /* mean of the rows */
    uint64_t left; /* levels of `dim` that go left */
    uint32_t dim;
    uint32_t child; /* of the left; the right is the next one; 0: a leaf */
};

struct forest_tree {
    size_t n;
    struct forest_node *node; /* [n]; the first is the root */
};

/* A tree on NROWS rows drawn with replacement; BAG [data->nrows] says which. A setting that is
 * not in use in a row gets a random level: there it changes nothing, and this is what the tree
 * sees. Leaves have at least LEAF rows. forest_release() it. */
void forest_grow(const struct forest_data *data, struct rng_stream *s, size_t nrows, size_t leaf,
                 struct forest_tree *out, bool *bag);
void forest_release(struct forest_tree *t);

/* LEVEL [ndims] with those that are not in use drawn from S, into OUT [ndims]. */
void forest_fill(const struct forest_data *data, const uint8_t *level, struct rng_stream *s, uint8_t *out);

/* The value at LEVEL [ndims], none of them FOREST_NONE but those of settings without levels. */
double forest_value(const struct forest_tree *t, const uint8_t *level);

#endif
