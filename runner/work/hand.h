/* hand.h - one worker of the crew: the run it trains, and what its frames mean.
 */
#ifndef WORK_HAND_H
#define WORK_HAND_H

#include "record/packed.h"
#include "record/recorder.h"
#include "work/limits.h"
#include "work/process.h"
#include "work/schedule.h"
#include "work/training.h"

struct hand;

/* What all hands share. */
struct hand_env {
    const struct training *training;
    struct recorder *recorder;
    const char *db;
    size_t nplugins; /* files of --plugin */
    const char *const *plugins;
    const char *bytes;                   /* of same_bytes_wanted(), for every job; may be NULL */
    const struct run_listener *listener; /* may be NULL */
    struct diag *diag;                   /* the warnings in it are known; may be NULL */
    bool interrupted;                    /* by the user: runs that end now were stopped */
    /* The run of H is over, with that status. True: it is tried again. */
    bool (*ended)(void *arg, const struct hand *h, const char *word);
    /* A run asks whether it goes on (task.ask_epoch); the rows of EPOCH are with the
     * recorder. *NEXT is 0 and gets the epoch at which it asks again. NULL: it goes on and asks no
     * more. Called in hand_listen(). */
    enum verdict (*ask)(void *arg, const struct hand *h, int64_t epoch, int64_t *next);
    void (*epoch)(void *arg, const struct hand *h, const struct epoch_report *r); /* NULL: nobody wants it */
    void (*look)(void *arg, const struct hand *h,
                 const struct packed_look *l); /* before its epoch; likewise */
    void *arg;
};

struct hand {
    int number; /* runs.worker */
    struct process process;
    bool busy;
    struct run_task task; /* what it trains, or trained last */
    bool holds;           /* the task is one that no process has taken yet */
    double rests;         /* until when it starts no process, since it could not */
    /* Set by hand_listen() when the run was paused: the hand is free (not busy), the run is not over
     * and its status in the database is still `running`. It goes on with the resume_path that is in
     * paused_at, on any hand. hand_start() clears both. */
    bool paused;
    char *paused_at;
    int64_t epochs_done;
    double started;
    double heard;          /* when its last epoch came; 0: none has in this job */
    double seconds_before; /* what the run took in its earlier jobs */
    struct limit_watch watch;
};

/* Give h->task to the process. FAILED with the process buried: it was dead, try another; FAILED
 * with it alive: the database. */
status hand_start(struct hand *h, const struct hand_env *env, struct error *err);

/* Read what is there, record it and tell the listener. When the process died, its run has ended
 * and it is buried. FAILED: the database. */
status hand_listen(struct hand *h, const struct hand_env *env, struct error *err);

/* Hold the run to the limits of its spec, and say in how many seconds to call this again at the
 * latest (negative: nothing to watch until the next hand_start()). A run over a limit is ended together
 * with its process: hand_listen() sees that. */
double hand_tick(struct hand *h, const struct hand_env *env);

/* Where the run's state is saved when it is paused or interrupted; free() it. The hand removes it
 * when the run has ended for good. */
char *hand_pause_path(const char *db, int64_t run);
/* Remove that, of a run that is paused and will not go on. */
status hand_forget_pause(const struct hand_env *env, int64_t run, struct error *err);

void hand_cancel(struct hand *h, int sig); /* if it is busy */
void hand_release(struct hand *h);

#endif
