/* progress.h - what a person sees while runs train: how many runs stand how, the rate, the time
 * left, the best so far and a line per worker on a terminal, plain lines elsewhere, JSON lines
 * with --json, nothing with --quiet.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/tally.h"
#include "engine/report.h"
#include "trials/experiment.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_QUIET, PROGRESS_JSON };

struct progress;

struct progress *progress_new(enum progress_mode mode);
void progress_free(struct progress *p);

/* What is best: "validation.loss", "test.accuracy", a value of the last epoch or of any. Before
 * progress_begin(); without it nothing is. */
void progress_objective(struct progress *p, const char *name, bool maximize, bool at_last);

/* Runs of EXPERIMENT that ended before, and the best of them, out of the results database. They count
 * as done. Before progress_begin(), whose RUNS they are not among. */
status progress_earlier(struct progress *p, sqlite3 *db, int64_t experiment, struct error *err);

void progress_begin(struct progress *p, const char *name, int64_t runs, int workers, int64_t epochs);
void progress_run_started(struct progress *p, int worker, int64_t run, int64_t trial, int64_t repeat,
                          const struct trial *t);
/* It goes on after EPOCH. SEEN: its epochs up to there came by progress_epoch(). */
void progress_run_resumed(struct progress *p, int worker, int64_t run, int64_t epoch, bool seen);
void progress_epoch(struct progress *p, int worker, int64_t run, const struct epoch_report *e);
void progress_run_ended(struct progress *p, int worker, int64_t run, const char *status_word,
                        const char *error);
/* A run that no worker has is over: pruned while it was paused. */
void progress_run_over(struct progress *p, int64_t run, const char *status_word, int64_t epochs);
/* A run that ended just now is to be tried again from its beginning. */
void progress_run_again(struct progress *p, const char *status_word);
/* What a run warned of: shown once for each text, and no more than PROGRESS_WARNINGS texts of an experiment.
 */
enum { PROGRESS_WARNINGS = 20 };
void progress_warning(struct progress *p, int worker, int64_t run, const char *text);
void progress_note(struct progress *p, const char *text); /* who holds the lock ... */
void progress_tick(struct progress *p);                   /* redraw when due: at most 10 times a second */
void progress_end(struct progress *p);                    /* clears the lines */

#endif
