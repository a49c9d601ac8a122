/* interactive.h - the page in which a reader trains a small net by hand.
 *
 * One HTML file that needs nothing else: net.js computes in it, draw.js draws, interactive.js
 * answers; interactive.c puts the lesson's net and data into it as JSON.
 */
#ifndef EXPLAIN_INTERACTIVE_H
#define EXPLAIN_INTERACTIVE_H

#include "explain/lesson.h"

enum {
    MOST_PARAMETERS = 20000,   /* of a net that a page steps through at the speed of a hand */
    MOST_ROW_NUMBERS = 100000, /* inputs that go into a page, of all its rows */
    MOST_ORDER_NUMBERS = 20000 /* of the shuffled epochs whose batches the page takes */
};

/* Append the page. Errors: the net is too large; it has a layer, loss or optimizer that the page
 * cannot compute, named. */
status interactive_write(const struct lesson *l, struct strbuf *out, struct error *err);

#endif
