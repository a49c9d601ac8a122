/* place.h - whether a results database is still what it was when it was opened: rows in a file that was
 * deleted would be gone with the process, and those in one that somebody wrote over are.
 */
#ifndef RECORD_PLACE_H
#define RECORD_PLACE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct db_place {
    const char *path; /* the caller's */
    int64_t size;     /* bytes of the file when it was looked at last */
    bool lost;        /* it was deleted, replaced or written over, and SAID has what became of its rows */
    struct error said;
};

void place_begin(struct db_place *p, const char *path);
/* After a commit. What is lost is told, and what can be is saved beside it, once; the error is the same at
 * each call after that. */
status place_check(struct db_place *p, sqlite3 *db, struct error *err);

/* Whether the name of the open file means another file by now, or none. */
bool database_has_moved(sqlite3 *db);
/* All that it holds into PATH.saved-PID. SAID: what happened, and where it is now. */
void database_save_moved(sqlite3 *db, const char *path, struct error *said);

#endif
