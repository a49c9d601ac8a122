/* runner.h - runs an experiment: checks it in a worker, stores it, feeds N workers,
 * records what they say.
 */
#ifndef WORK_RUNNER_H
#define WORK_RUNNER_H

#include "record/recorder.h"
#include "work/training.h"

/* A worker that gets ready while this process reads the spec, for options.worker; what
 * follows, and scout_all(), take it over or start one itself. NULL: it could not be started now. */
struct process *runner_start_worker(size_t nplugins, const char *const *plugins);
void runner_stop_worker(struct process *p); /* NULL is fine */

/* E takes the seed of a stored experiment that it goes on with, if its own was drawn. */
status runner_run(struct experiment *e, struct registry *reg, const struct runner_options *o,
                  struct runner_summary *out, struct diag *d, struct error *err);

/* Train what experiment ID, which is in the database and claimed, has to do: T. Closes R. */
status runner_go_on(struct recorder *r, struct registry *reg, const struct training *t, int64_t id,
                    const struct runner_options *o, struct runner_summary *out, struct error *err);

#endif
