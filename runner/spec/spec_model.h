/* spec_model.h - between spec_model.c and spec_repeat.c. Private to them.
 */
#ifndef SPEC_MODEL_H
#define SPEC_MODEL_H

#include "spec/spec_read.h"

#define MODEL_ENTRIES_MAX 1000000 /* of one model, repeats counted */

enum model_sugar { MODEL_PLUGIN, MODEL_REPEAT, MODEL_RESIDUAL };
enum model_sugar model_sugar_of(const struct node *entry);

/* The entries that ENTRY, a `repeat`, has *TIMES; those of a `residual`. NULL with an error in R. */
const struct node *model_repeat(struct spec_reader *r, const struct node *entry, int64_t *times);
const struct node *model_residual(struct spec_reader *r, const struct node *entry);

/* Entries that LIST stands for, at most; above MODEL_ENTRIES_MAX: more than that. */
size_t model_count(const struct node *list);

#endif
