/* predict_text.h - `fell predict --generate`: the units of a text and their numbers, and what is written on.
 */
#ifndef CLI_PREDICT_TEXT_H
#define CLI_PREDICT_TEXT_H

#include <stdio.h>

#include "cli/trained.h"

/* The net T, which was fitted, writes on behind the prompt of its call, to TO. Errors: it is no net of texts;
 * the prompt has a unit that the net does not know. */
status predict_text(struct trained *t, FILE *to, struct error *err);

#endif
