/* names.h - what the inputs of the sample are called. */
#ifndef EXPLAIN_NAMES_H
#define EXPLAIN_NAMES_H

#include "engine/data.h"

/* The header of the bundled csv dataset, without its targets, when the transforms keep columns
 * apart: [x_size] names in ARENA. NULL: the inputs have no names. */
char **names_of_inputs(struct arena *arena, const struct spec *spec, const struct data *data);

#endif
