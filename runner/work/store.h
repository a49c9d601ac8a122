/* store.h - the experiment and all its runs in the database, before the first of them
 * starts; or the reason why not.
 */
#ifndef WORK_STORE_H
#define WORK_STORE_H

#include "record/recorder.h"
#include "work/identity.h"
#include "work/provenance.h"
#include "work/runner.h"

/* Whether there is anything to do. *KNOWN: where this experiment stands; its other_text
 * is the caller's to free. FAILED, with advice: it, or another of its name, is unfinished and
 * o->restart is not set; or another process runs it now. A finished one that is not to
 * be restarted is OK. */
status store_decide(struct recorder *r, const struct experiment *e, const struct identity *id,
                    const struct runner_options *o, struct known_experiment *known, struct error *err);

/* Replace what KNOWN says is there, add the experiment and its runs (trial-major), commit.
 * RUNS [ntrials * repeats] gets the ids. */
status store_experiment(struct recorder *r, struct registry *reg, const struct experiment *e,
                        const struct identity *id, const struct provenance *p, const struct runner_options *o,
                        const struct known_experiment *known, int64_t *experiment, int64_t *runs,
                        struct error *err);

/* What ranks the trials: validation.loss, or train.loss where no rows are held out. */
const char *store_objective(const struct experiment *e);

/* How the runs of a stored experiment ended. */
status store_summary(struct recorder *r, int64_t experiment, struct runner_summary *out, struct error *err);

#endif
