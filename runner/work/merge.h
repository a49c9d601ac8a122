/* merge.h - the experiments and runs of one results database put into another.
 */
#ifndef WORK_MERGE_H
#define WORK_MERGE_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"

struct merge_counts {
    int64_t experiments;            /* that were not there */
    int64_t added, replaced, known; /* runs: not there; there, but not as far; there */
    int64_t checkpoints, lost;      /* files copied; files that are gone or are not what was saved */
};

/* Put all of FROM, the file FROM_PATH, into TO, the file TO_PATH, which database_open() has opened. Runs
 * and experiments are told by their uid, so that what is there already stays as it is:
 *
 *   - A run that is there gives way when the other has a result and it has none, or when it only
 *     failed, or when neither ended and the other did more epochs.
 *   - An experiment that was extended later has the spec of the one with more runs.
 *   - A run that is being trained is as one that was interrupted.
 *
 * The files of checkpoints are copied into TO's folder. Each experiment is one transaction: after an
 * error the same call goes on. Errors: cannot read or write; a process runs an experiment of TO. */
status merge_database(sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path,
                      struct merge_counts *out, struct error *err);

#endif
