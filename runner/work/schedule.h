/* schedule.h - which run of an experiment is trained next: those that wait, those that a runner
 * left behind, those that failed and are tried again; and when failures stop the rest.
 *
 * Runs are rows of the database, numbered by trial and repeat, and started in that order. Starts no
 * process and reads no pipe: crew.c does, and tells how runs end.
 */
#ifndef WORK_SCHEDULE_H
#define WORK_SCHEDULE_H

#include "record/recorder.h"
#include "spec/experiment.h"

struct schedule;

/* All runs of experiment ID as the database, in the file DB, has them. A run that was under way when
 * its runner ended goes on from its newest checkpoint; without one it begins anew, and what it
 * recorded is removed. NOTE is told of damaged checkpoints. E and REG must outlive it. */
status schedule_new(struct recorder *r, const char *db, struct registry *reg, const struct experiment *e,
                    int64_t id, void (*note)(void *arg, const char *text), void *arg, struct schedule **out,
                    struct error *err);
void schedule_free(struct schedule *s); /* NULL is fine */

int64_t schedule_left(const struct schedule *s); /* runs that have not ended */

/* One run to train. */
struct run_task {
    size_t slot; /* what schedule_ended() names it by */
    int64_t run, trial, repeat;
    uint64_t seed;
    struct tree *tree;   /* what the spec was read from */
    struct arena *arena; /* of what follows; run_task_release() */
    struct trial stored; /* the spec and the swept values as stored */
    char *resume_path;   /* the checkpoint to go on from; NULL: from the beginning */
};
void run_task_release(struct run_task *t);

/* The next run. *NONE: none can start now; when no run is under way either, nothing is left to do. */
status schedule_next(struct schedule *s, struct run_task *out, bool *none, struct error *err);

/* How the run ended: its status. True: it is to be tried again, and the caller removes its rows. */
bool schedule_ended(struct schedule *s, size_t slot, const char *word);

/* So many runs failed that nothing more is started (on_failure). */
bool schedule_is_stopped(const struct schedule *s);

#endif
