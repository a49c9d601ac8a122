/* retry.h - runs of a stored experiment that failed, trained again as they are stored.
 */
#ifndef AGAIN_RETRY_H
#define AGAIN_RETRY_H

#include "record/recorder.h"
#include "work/training.h"
#include "again/moved_files.h"
#include "again/stored_plugins.h"

struct retry {
    int64_t id;
    char uid[65];
    struct training training; /* from the rows of the database */
    struct arena *arena;      /* of it */
    struct tree *tree;
    struct stored_plugins plugins;
    struct moved_files files;
    char *statuses;  /* as SQL: 'failed','crashed' */
    int64_t chosen;  /* runs with one of them */
    int64_t waiting; /* runs that have not ended; they are trained as well */
};

/* Look at experiment ID in DB. STATUSES: words with commas between them; NULL: failed, crashed, timed_out and
 * out_of_memory. GIVEN [n]: plugin files of the command line. Errors: no such status, or none that is a
 * failure; a data file or plugin that has changed since; runs that wait for decisions which only the whole
 * spec makes. Release R in any case. */
status retry_open(struct retry *r, sqlite3 *db, int64_t id, const char *statuses, size_t n,
                  const char *const *given, struct error *err);

/* Queue the chosen runs, without what they recorded, and train all that wait, as runner_run() does. Errors:
 * another process runs the experiment; the database's. */
status retry_run(struct retry *r, const struct runner_options *o, struct runner_summary *out,
                 struct error *err);
void retry_release(struct retry *r);

#endif
