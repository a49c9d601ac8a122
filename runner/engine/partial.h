/* partial.h - what an epoch that is under way holds besides the state of the run: sums of losses and norms,
 * the weights before it, the outputs that metrics will see. With them a run goes on in the middle of an
 * epoch.
 */
#ifndef ENGINE_PARTIAL_H
#define ENGINE_PARTIAL_H

#include "engine/look.h"
#include "engine/train_report.h"

/* N words of 32 bits under a name of their own, "epoch/sums". */
struct partial_array {
    const char *name;
    void *words;
    int64_t n;
};

enum { PARTIAL_ARRAYS = 8 };

struct partial {
    size_t n;
    struct partial_array array[PARTIAL_ARRAYS];
};

/* The arrays of an epoch in which ROWS training rows have gone by: they are read and written in place. LOOKS:
 * NULL without probes. */
void partial_set(struct partial *p, struct tally *tally, struct measure *measure, struct looks *looks,
                 int64_t rows);

#endif
