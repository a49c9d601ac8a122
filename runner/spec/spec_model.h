/* spec_model.h - between spec_model.c, spec_repeat.c and spec_embedded.c. Private to them.
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

/* Columns of the data that are embedded (spec_embedded.c); the entry of the Ith of them into *NAMED, and its
 * name. AT: the model, for what is wrong. */
size_t spec_embedded_count(const struct spec_reader *r);
const struct node *spec_embedded_entry(struct spec_reader *r, size_t i, const struct node *at,
                                       struct spec_named *named);

/* Entries that LIST stands for, at most; above MODEL_ENTRIES_MAX: more than that. */
size_t model_count(const struct node *list);

#endif
