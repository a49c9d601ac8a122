/* rerun.h - a run that is in a results database, trained again from what is stored there: its resolved
 * spec, its seed, its data files and its plugins. Nothing is written to the database.
 */
#ifndef AGAIN_RERUN_H
#define AGAIN_RERUN_H

#include <sqlite3.h>

#include "record/packed.h"
#include "engine/report.h"
#include "again/moved_files.h"
#include "again/stored_plugins.h"

struct stored_run {
    int64_t id;
    uint64_t seed;
    char *experiment; /* its name */
    char *status, *error, *resolved;
    int64_t epochs_done;
    int64_t last_epoch; /* recorded, also a part of one; 0: none */
};
/* Release S in any case. Errors: there is no such run; the database's. */
status stored_run_read(sqlite3 *db, int64_t run, struct stored_run *s, struct error *err);
void stored_run_release(struct stored_run *s);

struct rerun {
    struct stored_run run;
    struct stored_plugins plugins;
    struct moved_files files; /* run.resolved already has their new places */
    struct spec *spec;        /* NULL: it is not understood any more, which the worker will explain */
    struct tree *tree;
};
/* Read run RUN and find its plugins; GIVEN [n]: files of the command line. Errors: there is no such run; a
 * plugin or a file of the spec that DB alone names (named_paths.h); the database's. Release R in any case. */
status rerun_open(struct rerun *r, sqlite3 *db, int64_t run, size_t n, const char *const *given,
                  struct error *err);
void rerun_release(struct rerun *r);

/* Who hears the run; like struct train_listener. Functions may be NULL. */
struct rerun_listener {
    void *arg;
    void (*epoch)(void *arg, const struct epoch_report *e);
    void (*step)(void *arg, const struct step_report *s);
    void (*look)(void *arg, const struct packed_look *l);
    void (*event)(void *arg, const char *kind, const char *detail);
};

struct rerun_end {
    char word[24]; /* as the database's `status` */
    char error[2048];
    int64_t epochs; /* heard */
};

/* Train it in a worker, to the end or (above 0) only to LAST_EPOCH, under the limits of its spec. The
 * weights after that go to EXPORT_PATH, unless that is NULL. FAILED: it could not be started; however it
 * ended is in END. */
status rerun_train(const struct rerun *r, int64_t last_epoch, const char *export_path,
                   const struct rerun_listener *listener, struct rerun_end *end, struct error *err);

#endif
