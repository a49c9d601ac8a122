/* tally.h - how many runs of an experiment stand how.
 */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/run_status.h"

struct tally {
    int64_t of[STATUSES];
};

int64_t tally_all(const struct tally *t);
int64_t tally_ended(const struct tally *t); /* not queued, running or interrupted */

/* "3 of 8 runs done, 1 pruned, 1 diverged, 2 running". */
void tally_add_text(struct strbuf *out, const struct tally *t);

/* The runs of EXPERIMENT in the results database. */
status tally_read(sqlite3 *db, int64_t experiment, struct tally *out, struct error *err);

#endif
