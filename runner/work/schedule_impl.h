/* schedule_impl.h - what the files of the schedule share. Each calls those after it in this list: schedule.c
 * (who is next, how runs end), schedule_load.c (what the database has), schedule_suggest.c (further trials),
 * schedule_rungs.c (pruning), schedule_fetch.c (one run to train), schedule_seats.c (seats and values).
 */
#ifndef WORK_SCHEDULE_IMPL_H
#define WORK_SCHEDULE_IMPL_H

#include "work/schedule.h"

enum seat_state { SLOT_QUEUED, SLOT_RUNNING, SLOT_PAUSED, SLOT_ENDED };

/* The objective at an epoch that a pruner asks about. */
struct rung {
    int64_t epoch;
    double value;
};

/* One run; there may be a million. An extended experiment has empty ones, id 0, which have ended. */
struct seat {
    int64_t id;
    int64_t epochs;    /* done */
    double best, last; /* of the objective, lower is better; NAN: none yet */
    double looked; /* where the objective is a probe's: its value at the epoch that is to come; NAN: none */
    struct rung *rung; /* [nrungs] */
    char *resume;      /* the checkpoint to go on from; NULL: none */
    uint32_t nrungs;
    uint16_t tries; /* that failed and were followed by another */
    uint8_t state;
    bool failed; /* ended so: it has no value */
    bool paused; /* by this schedule, not by an earlier one */
};

/* What was decided about a trial. */
struct trial_rungs {
    int64_t epochs; /* of its runs, whole */
    int64_t epoch;  /* that is decided next; 0: none */
    uint32_t decided;
    bool pruned;
    char *reason; /* why it is pruned */
};

struct schedule {
    struct recorder *recorder;
    struct training t;
    struct registry *registry;
    struct schedule_host host;
    sqlite3_stmt *fetch, *params;
    struct stored_spec *read; /* that was read last: the next run may be a repeat of it */

    size_t repeats, nseats, room; /* seats are trial-major */
    struct seat *seat;
    size_t next;  /* every queued seat from here on has never been given out */
    size_t nback; /* seats before it that are paused or queued again */
    size_t *back;
    size_t first_open; /* every seat before it has ended */
    bool exhausted;    /* it suggests nothing more */
    int64_t ended_before, failures;
    bool stopped;

    enum split split;          /* of the objective */
    const char *metric;        /* NULL: the loss */
    const char *probe;         /* the whole name, where it is a number of a probe; NULL: it is none */
    struct trial_rungs *trial; /* [trial_room], of each trial; NULL without a pruner */
    size_t trial_room;
};

/* ---- schedule_seats.c */

/* One more trial, of EPOCHS epochs: its first seat. All are queued, and have no ids yet. */
struct seat *schedule_add_trial(struct schedule *s, int64_t epochs);
void schedule_put_back(struct schedule *s, size_t seat);                /* it is to be given out again */
void schedule_take_back(struct schedule *s, size_t seat);               /* it is not any more */
void schedule_close(struct schedule *s, size_t seat, const char *word); /* it has ended */
void seat_add_value(const struct schedule *s, struct seat *seat, int64_t epoch, double objective);
double seat_value(const struct schedule *s, const struct seat *seat);

/* ---- schedule_rungs.c: pruning; nothing of it does anything without a pruner */
int64_t rungs_next_epoch(const struct schedule *s, size_t seat); /* to ask about; 0: none */
void rungs_reach(struct schedule *s, size_t seat, int64_t epoch);
void rungs_decide(struct schedule *s, size_t trial);    /* what can be decided now */
bool rungs_free(const struct schedule *s, size_t seat); /* has no decision to wait for */

/* ---- schedule_fetch.c: the spec and the values of OUT's run, as they are stored */
status schedule_fetch(struct schedule *s, struct run_task *out, struct error *err);
void stored_spec_drop(struct stored_spec *read); /* by one of its users; may be NULL */

/* ---- schedule_suggest.c */
/* The strategy knows the trials that are stored; what they lack of repeats is added. */
status schedule_remember(struct schedule *s, struct error *err);
bool schedule_may_suggest(const struct schedule *s); /* enough is known for the next trial */
status schedule_suggest(struct schedule *s, struct error *err);

/* ---- schedule_load.c */
status schedule_load(struct schedule *s, const char *db, int64_t experiment, struct error *err);

#endif
