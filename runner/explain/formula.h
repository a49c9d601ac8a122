/* formula.h - what is known of the bundled plugins beyond their code: their formulas, for
 * the text. A plugin that is not in the table (or not ours) is called by its name.
 */
#ifndef EXPLAIN_FORMULA_H
#define EXPLAIN_FORMULA_H

#include "explain/lesson.h"

struct formula {
    const char *name;
    const char *value; /* in equation.h's notation, of z: "\\frac{1}{1 + e^{-z}}" */
    const char *slope; /* of z and a */
    const char *words; /* "squashes its input to a number between 0 and 1" */
};

/* NULL: not known. */
const struct formula *formula_of_activation(const struct lesson_entry *e);

/* A loss: its formula in general; NULL: not known. */
const char *formula_of_loss(const struct lesson *l);
/* The formula with the sample's numbers, in ARENA, when it gives the engine's loss; else NULL. */
const char *formula_loss_numbers(struct arena *arena, const struct lesson *l);
/* What the loss does, in words; "" where it is not known. */
const char *formula_loss_words(const struct lesson *l);

/* The optimizer's rule as lines of equations; 0: not known. */
size_t formula_of_optimizer(const struct lesson *l, const char *lines[4]);

/* What a plugin's doc says of its formula: the first sentence of the second paragraph, on one line,
 * in ARENA; NULL: nothing. */
const char *formula_of_doc(struct arena *arena, const char *doc);

/* TEXT with single blanks and no others, in ARENA; NULL: it has nothing else. */
const char *words_on_one_line(struct arena *arena, const char *text);

#endif
