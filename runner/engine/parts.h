/* parts.h - train.micro_batch: a step's batch cut into parts that go through the net one after the other.
 */
#ifndef ENGINE_PARTS_H
#define ENGINE_PARTS_H

#include "engine/batches.h"

struct parts;

/* Parts of ROWS rows of batches of DATA's training rows, as transforms that act in training have left them.
 * The last of a batch may be smaller. */
status parts_new(const struct data *data, int64_t rows, struct parts **out, struct error *err);
void parts_free(struct parts *p);

/* The part of BATCH that follows PART, which begins with n 0; false: there is none. Its rows are a copy that
 * the next call overwrites. */
bool parts_next(struct parts *p, const struct batch *batch, struct batch *part);

#endif
