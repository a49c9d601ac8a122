/* merge_files.h - the files of checkpoints when databases are merged: each database has its own.
 */
#ifndef WORK_MERGE_FILES_H
#define WORK_MERGE_FILES_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"

/* The paths of the checkpoints of RUN, each with a line break behind it; free() it. */
status merge_files_list(sqlite3 *db, int64_t run, char **out, struct error *err);

/* Copy the files of FROM_RUN's checkpoints into the folder that RUN has beside the database TO_PATH, and
 * add their rows to TO, inside the caller's transaction. Those of KEPT (a list; may be NULL) that were not
 * overwritten are removed. Files that are gone, or are not what was saved, have no row: *LOST counts
 * them, *COPIED the others. Errors: cannot write. */
status merge_files_copy(sqlite3 *from, int64_t from_run, sqlite3 *to, const char *to_path, int64_t run,
                        const char *kept, int64_t *copied, int64_t *lost, struct error *err);

#endif
