/* schedule.h - which run of an experiment is trained next, and what its results decide: what a
 * strategy suggests, what a pruner ends, what is tried again, when failures stop the rest.
 *
 * Runs are rows of the database, numbered by trial and repeat, and started in that order. A
 * decision is a function of recorded values of earlier trials, up to a fixed number of trials
 * back (the `lag` of the strategy or the pruner), and waits until these are there; so it is the
 * same whatever the number of workers and the order in which runs end. Starts no process and
 * reads no pipe: crew.c does, and tells what happened.
 */
#ifndef WORK_SCHEDULE_H
#define WORK_SCHEDULE_H

#include "record/packed.h"
#include "engine/report.h"
#include "record/recorder.h"
#include "work/training.h"

struct schedule;

/* Whom the schedule needs. */
struct schedule_host {
    void *arg;
    /* Add trial T, suggested just now, to the database: a run for each repeat, their ids in
     * IDS [repeats]. */
    status (*store)(void *arg, const struct trial *t, int64_t *ids, struct error *err);
    /* A run that is paused is over: pruned, for REASON, or interrupted (no reason). To be recorded. */
    status (*over)(void *arg, int64_t run, const char *word, int64_t epochs, const char *reason,
                   struct error *err);
    void (*note)(void *arg, const char *text); /* for people: a checkpoint is damaged */
};

/* All runs of T, which is experiment ID, as the database, in the file DB, has them. A run that was under way
 * when its runner ended goes on from its newest checkpoint; without one it begins anew, and what it recorded
 * is removed. What T points to, and REG, must outlive it. */
status schedule_new(struct recorder *r, const char *db, struct registry *reg, const struct training *t,
                    int64_t id, const struct schedule_host *host, struct schedule **out, struct error *err);
void schedule_free(struct schedule *s); /* NULL is fine */

/* Runs that have not ended, those counted that the strategy may still suggest. */
int64_t schedule_left(const struct schedule *s);

/* One run to train. */
struct run_task {
    size_t seat; /* what the calls below name it by */
    int64_t run, trial, repeat;
    uint64_t seed;
    struct stored_spec *read; /* the spec, shared with other runs of its text */
    struct arena *arena;      /* of the values; run_task_release() */
    struct trial stored;      /* the spec and the swept values as stored */
    char *resume_path;        /* the checkpoint to go on from; NULL: from the beginning */
    bool paused;              /* by this runner: it has seen the epochs before that checkpoint */
    int64_t ask_epoch;        /* the first epoch to ask about; 0: none */
};
void run_task_release(struct run_task *t);

/* The next run. *NONE: none can start now; when no run is under way either, nothing is left to do. */
status schedule_next(struct schedule *s, struct run_task *out, bool *none, struct error *err);

/* What a run does that was given out. */
void schedule_epoch(struct schedule *s, size_t seat, const struct epoch_report *r);
void schedule_look(struct schedule *s, size_t seat, const struct packed_look *l); /* before its epoch */
/* *NEXT: the next epoch to ask about, 0 for none. REASON: why it is pruned. */
enum verdict schedule_ask(struct schedule *s, size_t seat, int64_t epoch, int64_t *next, const char **reason);
/* CHECKPOINT: the file to go on from. */
void schedule_paused(struct schedule *s, size_t seat, const char *checkpoint);
/* WORD: its status. True: it is to be tried again, and the caller removes its rows. */
bool schedule_ended(struct schedule *s, size_t seat, const char *word);

/* So many runs failed that nothing more is started (on_failure). */
bool schedule_is_stopped(const struct schedule *s);

/* No more runs are started: what is paused is interrupted. */
status schedule_interrupt(struct schedule *s, struct error *err);

#endif
