/* store.h - the experiment and its runs in the database, before the first of them starts; or
 * the reason why not.
 */
#ifndef WORK_STORE_H
#define WORK_STORE_H

#include "record/recorder.h"
#include "work/identity.h"
#include "work/provenance.h"
#include "work/training.h"

/* What is stored, and where it comes from. */
struct store {
    struct recorder *recorder;
    struct registry *registry;
    struct experiment *experiment;
    const struct identity *identity;
    const struct provenance *provenance;
    const struct runner_options *options;
    struct known_experiment known; /* store_release() */
    int64_t ended;         /* all stored runs have ended, so many; an adaptive strategy may have more */
    int64_t experiment_id; /* after store_experiment() */
    char uid[65];          /* of it: an extended one keeps its own */
};

/* Where this experiment stands: s->known. FAILED, with advice: another of its name is unfinished and
 * no option says what to do; or another process runs it now; or it cannot be extended. */
status store_decide(struct store *s, struct error *err);

/* An experiment that is stored, and will go on or is done, learns where its files are now. */
status store_follow_files(struct store *s, struct error *err);

/* Make the rows what s->known and the options say: all anew, with more runs, or as they are. One
 * transaction. */
status store_experiment(struct store *s, struct error *err);

/* The runs of trial T, which is new, in a transaction of its own; queued. IDS [repeats]. */
status store_trial(struct store *s, const struct trial *t, int64_t *ids, struct error *err);

/* What ranks the trials: as the spec says, or validation.loss, or train.loss where no rows are held out. */
const char *store_objective(const struct experiment *e);

/* How the runs of a stored experiment ended. RANKED: also whether some has a value of the objective. */
status store_summary(struct recorder *r, int64_t experiment, bool ranked, struct runner_summary *out,
                     struct error *err);

void store_release(struct store *s);

#endif
