/* slides.h - the pictures of a page as slides: one SVG file each, which needs nothing else. */
#ifndef EXPLAIN_SLIDES_H
#define EXPLAIN_SLIDES_H

#include "base/error.h"
#include "explain/page.h"

/* Write into FOLDER, which is made where it is missing, NN-PART.svg for each picture of P, 1600 by 900: the
 * heading of its part, the picture, and below it what it shows. *N: how many. Files of these names are
 * replaced, others stay. Errors: cannot write. */
status slides_write(const struct page *p, const char *folder, size_t *n, struct error *err);

#endif
