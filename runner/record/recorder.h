/* recorder.h - the results database while runs train. All SQL that writes is in this folder (merge.c puts
 * one database into another); others ask.
 *
 * One process opens it for writing. Rows are queued in a transaction that is
 * committed at most 250 ms after its first row, or when it is large; when
 * somebody holds a lock, rows wait in memory and the user is told who.
 */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/report.h"
#include "trials/experiment.h"

struct recorder;

/* Open or create. Errors: a network file system (WAL does not work there), not a
 * database, another application's database, a newer schema, cannot be written. */
status recorder_open(const char *path, struct recorder **out, struct error *err);
/* Stores what waits (see recorder_commit), even where that means waiting for a lock, and
 * closes in any case. NULL is fine. */
status recorder_close(struct recorder *r, struct error *err);
sqlite3 *recorder_handle(struct recorder *r); /* for questions: what writes is recorder_...() */

/* Who is told that rows wait for a lock, and who holds it. GIVE_UP, asked while
 * nothing but the lock is waited for, ends that with an error. Both may be NULL. */
void recorder_on_wait(struct recorder *r, void (*note)(void *arg, const char *text),
                      bool (*give_up)(void *arg), void *arg);

/* Where an experiment stands in the database. */
enum known { KNOWN_NEW, KNOWN_FINISHED, KNOWN_UNFINISHED, KNOWN_EXTENDED /* the caller says so */ };
struct known_experiment {
    enum known state; /* of this very experiment (identity) */
    int64_t id;
    char uid[65];          /* of it; not its identity if it was extended */
    char author[64];       /* who began it, if that was somebody else; else "" */
    bool other_unfinished; /* another of the same name, and this user, is unfinished */
    int64_t other_id;
    char *other_text;  /* its spec, for the difference; free() */
    int64_t newest_id; /* of those of the same name; 0: there is none */
    char newest_uid[65];
};
status recorder_find_experiment(struct recorder *r, const char *identity, const char *name,
                                struct known_experiment *out, struct error *err);

/* For experiments that get more runs. The trial of the run with UID, -1: there is none; how many
 * trials there are, and runs. */
status recorder_find_trial(struct recorder *r, const char *uid, int64_t *trial, struct error *err);
status recorder_count_trials(struct recorder *r, int64_t experiment, int64_t *n, int64_t *runs,
                             struct error *err);
/* With its rows and checkpoints' rows. Part of the transaction that recorder_commit() ends. */
status recorder_delete_experiment(struct recorder *r, int64_t id, struct error *err);

/* This process runs the experiment until the recorder is closed. FAILED: another process
 * does, and lives. */
status recorder_claim(struct recorder *r, const char *uid, struct error *err);

struct data_file_row {
    const char *role, *path;
    char sha256[65];
    int64_t rows;
    const char
        *facts; /* not stored: data_file_facts() before it was hashed; NULL: it had just been changed */
};
struct plugin_row {
    const char *kind, *name, *version, *path, *sha256, *verdict;
    const char *facts; /* not stored: of struct plugin_file */
};

struct experiment_row {
    const char *uid, *name, *spec, *spec_sha256, *command, *version, *runner_sha256;
    const char *git_commit; /* NULL outside a work tree; whether it is dirty comes later */
    const char *host, *cpu, *kernels, *user;
    const char *identity;   /* NULL: uid */
    const char *objective;  /* "test.accuracy"; NULL: validation.loss */
    bool maximize, at_last; /* the objective; else minimize, at its best epoch */
    const char *strategy;   /* as JSON; NULL: {"grid":{}} */
    size_t nfiles;
    const struct data_file_row *files;
};
/* The experiment and all its runs (trial x repeat, queued), in one transaction: the
 * first of these calls begins it (waiting for a lock that somebody holds),
 * recorder_commit() ends it; closing before that leaves nothing behind. */
status recorder_add_experiment(struct recorder *r, const struct experiment_row *row, int64_t *id,
                               struct error *err);
/* What the spec of experiment ID says now; it keeps its uid and its runs. Of ROW: spec, identity,
 * spec_sha256, objective, strategy and files. */
status recorder_extend_experiment(struct recorder *r, int64_t id, const struct experiment_row *row,
                                  struct error *err);
/* Where the files of experiment ID are now, if they hold what its files held: in data_files, and in what its
 * runs are trained by. Committed. */
status recorder_move_files(struct recorder *r, int64_t id, size_t n, const struct data_file_row *files,
                           struct error *err);
struct run_row {
    int64_t id; /* 0: the next */
    const char *uid;
    int64_t experiment_id, trial, repeat;
    uint64_t seed;
    const char *resolved;
    size_t nvalues;
    const struct axis_value *values;
    size_t nplugins;
    const struct plugin_row *plugins;
};
status recorder_add_run(struct recorder *r, const struct run_row *row, int64_t *id, struct error *err);

/* What `git status` said, once it has. */
status recorder_git_dirty(struct recorder *r, int64_t experiment, bool dirty, struct error *err);

/* The rest is queued, and stored by recorder_tick() or when it is much. After an error
 * (full disk ...) the rows stay queued and the database holds what was committed. */
status recorder_run_started(struct recorder *r, int64_t run, int worker, struct error *err);
status recorder_split(struct recorder *r, int64_t run, const char *split, int64_t rows, const char *sha256,
                      struct error *err);
status recorder_parameter(struct recorder *r, int64_t run, int position, const char *layer,
                          const char *plugin, const char *name, const char *shape_json, int64_t count,
                          struct error *err);
/* Packed, as a worker sends them and packed_epoch(), packed_step(), packed_look() have found them good. NAMES
 * [nnames]: of the epoch's metrics. */
status recorder_epoch(struct recorder *r, int64_t run, const void *body, size_t size, size_t nnames,
                      const struct metric_value *names, struct error *err);
status recorder_step(struct recorder *r, int64_t run, const void *body, size_t size, struct error *err);
status recorder_look(struct recorder *r, int64_t run, const void *body, size_t size, struct error *err);
status recorder_event(struct recorder *r, int64_t run, const char *kind, const char *detail,
                      struct error *err);
/* The same, unless the run has such an event: what is decided again after a kill was said already. */
status recorder_event_once(struct recorder *r, int64_t run, const char *kind, const char *detail,
                           struct error *err);
status recorder_checkpoint(struct recorder *r, int64_t run, int64_t epoch, const char *path,
                           const char *sha256, bool best, struct error *err);
/* The file is gone. */
status recorder_checkpoint_removed(struct recorder *r, int64_t run, const char *path, struct error *err);
status recorder_run_ended(struct recorder *r, int64_t run, const char *status_word, int64_t epochs_done,
                          double seconds, const char *error, int signal, struct error *err);

/* A run that was paused after so many epochs is over, and an event says why. */
status recorder_run_over(struct recorder *r, int64_t run, const char *status_word, int64_t epochs_done,
                         const char *detail, struct error *err);
/* The run is queued, and will go on from a checkpoint. */
status recorder_run_waits(struct recorder *r, int64_t run, struct error *err);
/* The run goes on after EPOCH and STEP: what it recorded of later ones is removed, since it says it again. */
status recorder_run_resumed(struct recorder *r, int64_t run, int64_t epoch, int64_t step, struct error *err);
/* The run is queued again: what it recorded of its training is removed, and an event, KIND
 * with DETAIL, says why. Its earlier events stay. */
status recorder_run_again(struct recorder *r, int64_t run, const char *kind, const char *detail,
                          struct error *err);

/* Store a small piece of what waits; for a caller that has nothing else to do. The transaction stays
 * open until recorder_tick() or recorder_commit(); now and then the lock is left to others. */
bool recorder_has_piece(const struct recorder *r);
status recorder_idle(struct recorder *r, struct error *err);

/* Commit if the time slice is over; call when idle. Seconds until the next is due
 * (negative: nothing waits). */
status recorder_tick(struct recorder *r, double *due, struct error *err);
/* Store everything now; waits for a lock that somebody holds. */
status recorder_commit(struct recorder *r, struct error *err);
/* So much waits for a lock that no more should be read from the workers. */
bool recorder_is_full(const struct recorder *r);

#endif
