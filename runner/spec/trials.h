/* trials.h - `sweep:` to the trees of the trials, and to typed values. Private to
 * runner/spec; experiment.c is the only caller.
 */
#ifndef SPEC_TRIALS_H
#define SPEC_TRIALS_H

#include "spec/experiment.h"

#define SWEEP_TRIALS_MAX 1000000

struct axis {
    const char *path;
    struct place at; /* of the path */
    size_t n;        /* at least 1 */
    struct node *const *value;
};

struct sweep {
    size_t naxes;      /* 0: one trial */
    struct axis *axes; /* as written */
    struct place at;   /* of `over` */
};

/* `sweep:` of ROOT, if any. What cannot be used is an error and left out of OUT, so that
 * the rest can still be checked. */
status sweep_read(struct arena *arena, const struct node *root, struct sweep *out, struct diag *d);

/* How many trials; SIZE_MAX when there are more than can be counted. */
size_t sweep_count(const struct sweep *s);

/* PICK [naxes]: which value of each axis makes trial NUMBER; the last axis moves fastest. */
void sweep_pick(const struct sweep *s, size_t number, size_t *pick);

/* OUT: ROOT with the picked values set, in the order of the axes. An axis that leads nowhere
 * is an error at its path, and is left out so that the rest can still be checked. */
status sweep_tree(const struct sweep *s, struct tree *t, struct node *root, const size_t *pick,
                  struct node **out, struct diag *d);

/* OUT [naxes]: the picked values as the settings' own types have them. SPEC was parsed from
 * ROOT, which sweep_tree() gave. */
void sweep_values(const struct sweep *s, struct arena *arena, const struct spec *spec,
                  const struct node *root, const size_t *pick, struct axis_value *out);

#endif
