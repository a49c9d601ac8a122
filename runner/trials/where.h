/* where.h - `sweep.where`: an SQL expression over the values of a trial. Private to runner/trials.
 */
#ifndef TRIALS_WHERE_H
#define TRIALS_WHERE_H

#include "trials/space.h"

struct where;

/* NODE's expression over the columns of S. NULL with an error in R, at NODE, in SQLite's words. */
struct where *where_new(struct spec_reader *r, const struct node *node, const struct sweep *s);
void where_free(struct where *w);

/* Whether P's values, active ones as their settings have them, satisfy it: KEEP. An error at run
 * time is one in D. */
status where_test(struct where *w, const struct point *p, bool *keep, struct diag *d);

#endif
