/* progress.h - what a person sees while runs train: how many runs stand how, the rate, the time
 * left, the best so far and a line per worker on a terminal, plain lines elsewhere, JSON lines
 * with --json, nothing with --quiet.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/tally.h"
#include "work/run_listener.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_QUIET, PROGRESS_JSON };

struct progress;

struct progress *progress_new(enum progress_mode mode);
void progress_free(struct progress *p);

/* What is best: "validation.loss", "test.accuracy", a value of the last epoch or of any. Before
 * anything is heard; without it nothing is. */
void progress_objective(struct progress *p, const char *name, bool maximize, bool at_last);

/* What P hears of runs; it lives as long as P. Runs that ended before (earlier) count as done. A warning is
 * shown once for each text, and no more than PROGRESS_WARNINGS texts. */
enum { PROGRESS_WARNINGS = 20 };
const struct run_listener *progress_listener(struct progress *p);

void progress_tick(struct progress *p); /* redraw when due: at most 10 times a second */
void progress_end(struct progress *p);  /* clears the lines */

#endif
