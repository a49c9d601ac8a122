/* setup_values.h - a value of a setting as YAML: its default, an end of its range, one at random. */
#ifndef CHECK_SETUP_VALUES_H
#define CHECK_SETUP_VALUES_H

#include "base/rng.h"
#include "base/text.h"
#include "fell/plugin.h"

/* Where in a setting's range a value is. Far is 300, or the end, of whole numbers. */
enum at { AT_DEFAULT, AT_LOW, AT_HIGH, AT_FAR, AT_CHOICE, AT_RANDOM, AT_GUESS, AT_COLUMNS };

enum { GUESSES = 6 };

/* P's value appended to B; NUMBER is that of the choice with AT_CHOICE, of the guess with AT_GUESS, and how
 * long a list is with AT_COLUMNS. False where there is none to try. */
bool value_add(struct strbuf *b, const fell_param *p, enum at at, int number, struct rng_stream *draw);

/* How many choices there are. */
int value_choices(const fell_param *p);

/* Is far farther than high? */
bool value_goes_far(const fell_param *p);

#endif
