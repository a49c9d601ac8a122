/* watch_read.h - how an experiment stands, read from the results database again and again.
 */
#ifndef CLI_WATCH_READ_H
#define CLI_WATCH_READ_H

#include <sqlite3.h>

#include "cli/progress_view.h"

struct watch {
    sqlite3 *db;
    const char *path; /* of the database */
    int64_t experiment;
    char *name, *uid;
    struct progress *p; /* what is shown; its view is the caller's choice */
    bool alive;         /* a process of this machine runs it */
    int64_t seen_event; /* the best is known of everything before that, */
    size_t nseen;       /* and of the runs that ran then, to an epoch */
    struct seen_run {
        int64_t run, epoch;
    } * seen;
    bool best_known; /* the best of all runs has been looked for */
};

/* Watch EXPERIMENT; P is filled by watch_read(). Errors: the database cannot be read. */
status watch_begin(struct watch *w, sqlite3 *db, const char *path, int64_t experiment, struct progress *p,
                   struct error *err);
void watch_end(struct watch *w);

/* Read all anew, in one short transaction: a reader that stays in one would let the log grow.
 * Costs a pass over the runs, but epochs only of runs that had an event since or run. */
status watch_read(struct watch *w, struct error *err);

#endif
