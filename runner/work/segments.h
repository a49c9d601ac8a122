/* segments.h - what the tasks of a sweep leave in a folder that all machines see (a share):
 *
 *     DIR/UID8/tasks                     how many shards the experiment is cut into
 *     DIR/UID8/shard-0003/seg-000017.db  a results database with runs of one shard
 *     DIR/UID8/shard-0003/seg-000017.db.checkpoints/RUN/...
 *     DIR/UID8/shard-0003/finished       all runs of the shard have ended, and are there
 *
 * UID8 are the first eight digits of the experiment's uid. A segment gets its name when it is whole and is
 * never changed: it needs no lock, no journal and no shared memory to be read.
 */
#ifndef WORK_SEGMENTS_H
#define WORK_SEGMENTS_H

#include <sqlite3.h>
#include <stdint.h>

#include "record/merge.h"

/* A new list of the names in FOLDER that begin with PREFIX and end with SUFFIX, sorted; free each, and it. A
 * folder that is not there has none. Errors: it cannot be read. */
status segments_list(const char *folder, const char *prefix, const char *suffix, char ***names, size_t *n,
                     struct error *err);
void segments_free(char **names, size_t n);

enum { SEGMENTS_MOST = 10000 }; /* shards; a folder each */

/* How many shards the experiment of FOLDER (DIR/UID8) has; 0: there is no file that says it. Errors: it
 * cannot be read, or says no number up to SEGMENTS_MOST. */
status segments_tasks(const char *folder, int64_t *out, struct error *err);

/* Put all of the segment PATH into TO, the file TO_PATH, its runs with their numbers. *TORN: it is no whole
 * segment, ERR says why, and nothing of it was put anywhere. FAILED: TO. */
status segments_merge(const char *path, sqlite3 *to, const char *to_path, struct merge_counts *out,
                      bool *torn, struct error *err);

#endif
