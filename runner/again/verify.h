/* verify.h - whether a stored run, trained again, says the very numbers that are stored.
 */
#ifndef AGAIN_VERIFY_H
#define AGAIN_VERIFY_H

#include "again/rerun.h"

enum { VERIFY_SHOWN = 20 }; /* differences that are kept as sentences */

struct verification {
    int64_t epochs, numbers; /* compared */
    int64_t unfinished;      /* steps of an epoch that the run did not finish: not compared */
    struct strbuf unknown;   /* columns that the program which recorded the run did not know: not compared */
    int64_t ndifferences;
    size_t nshown;
    char *shown[VERIFY_SHOWN];
};

/* Train R's run again, as far as its epochs are recorded, and compare every number of them bit by bit
 * (what is not finite is NULL there), and, of a run that ended by itself, how it ended. Nothing may have
 * changed: data files and plugins are checked first. FAILED: they have, nothing is recorded, or the
 * database. Release V in any case. */
status verify_run(const struct rerun *r, sqlite3 *db, struct verification *v, struct error *err);
void verification_release(struct verification *v);

#endif
