/* crew.h - the workers while an experiment's runs are trained: who does what, what they say,
 * how they end.
 */
#ifndef WORK_CREW_H
#define WORK_CREW_H

#include "record/recorder.h"
#include "work/process.h"
#include "work/schedule.h"
#include "work/shard.h"
#include "work/training.h"

struct crew_task {
    const struct training *training;
    struct schedule *schedule;
    const struct runner_options *options;
    struct recorder *recorder;
    struct diag *diag;     /* what the check warned of, which is not told again; may be NULL */
    size_t nready;         /* workers that are started already; the crew takes those that it needs, */
    struct process *ready; /* whose pid is then 0 */
    const char *bytes;     /* of same_bytes_wanted() */
    struct shard *shard;   /* gets what has ended; NULL: nobody does */
    int64_t experiment;
    double longest; /* seconds that a run took, as far as is known; 0: not */
};

/* How many workers train RUNS runs: jobs of the options, else the processors, no more than runs. */
size_t crew_size(const struct runner_options *o, int64_t runs);

/* Train what the schedule gives out on min(jobs, runs left) workers and record what they say, until
 * every run has ended, the user interrupts (out->interrupted: running runs are marked so, the rest
 * stays queued), failures stop it (out->stopped), or the database fails (FAILED). How runs ended is
 * in the database. The workers are told to end; crew_dismiss() waits until they have. */
struct crew;
status crew_train(const struct crew_task *task, struct crew **out_crew, struct runner_summary *out,
                  struct error *err);
void crew_dismiss(struct crew *c); /* NULL is fine */

/* A run that was paused is over (schedule_host.over). */
status crew_run_over(struct crew *c, int64_t run, const char *word, int64_t epochs, const char *reason,
                     struct error *err);

#endif
