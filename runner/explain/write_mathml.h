/* write_mathml.h - formulas as presentational MathML, which browsers draw by themselves. */
#ifndef EXPLAIN_WRITE_MATHML_H
#define EXPLAIN_WRITE_MATHML_H

#include "explain/equation.h"

/* Append <math>, with the formula's LaTeX as its alternative text: one line in running text, or
 * N lines as a block of their own, aligned where they say. */
void mathml_inline(const struct equation *e, struct strbuf *out);
void mathml_block(struct equation *const *line, size_t n, struct strbuf *out);

#endif
