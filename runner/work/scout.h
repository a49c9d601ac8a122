/* scout.h - the errors of a spec that only a worker can find: its data are read and
 * its net is planned, trial by trial.
 */
#ifndef WORK_SCOUT_H
#define WORK_SCOUT_H

#include "work/process.h"
#include "work/training.h"

/* Ask a worker, P (o->worker, or a new one), about the first scout, and return at once; the
 * runner has other things to do meanwhile. */
status scout_begin(struct process *p, const struct experiment *e, const struct runner_options *o,
                   struct error *err);

/* Take that answer, then ask about all other scouts. PLAN, which may be NULL, gets the
 * layer table of each (learner_to_json). Problems become errors in D, at their places in
 * the spec's files; warnings become warnings. P is still there after problems, and
 * buried after a crash, which is an error in D too. */
status scout_finish(struct process *p, const struct experiment *e,
                    void (*plan)(void *arg, size_t trial, const char *json), void *arg, struct diag *d);

/* Load the data and plan the net of every trial, in a worker. Problems become errors
 * at their places in D. PLAN_JSON, when not NULL, gets the layer table of the first
 * trial (free()). */
status scout_all(const struct experiment *e, const struct runner_options *o, char **plan_json,
                 struct diag *d);

#endif
