/* merge.h - the experiments and runs of one results database put into another.
 */
#ifndef RECORD_MERGE_H
#define RECORD_MERGE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

/* Who copies the files of checkpoints, which are beside each database; list and copy inside a transaction of
 * TO. */
struct merge_files {
    /* Add the files of RUN's checkpoints to OUT. */
    status (*list)(sqlite3 *db, int64_t run, struct strbuf *out, struct error *err);
    /* Copy the files of FROM_RUN's checkpoints, in FROM, where tables have the SCHEMA ("source." or ""), and
     * beside FROM_PATH, into the folder that RUN has beside TO_PATH, and add their rows to TO. Files that are
     * gone, or are not what was saved, have no row: *LOST counts them, *COPIED the others. No file that is
     * there is changed: what was made, beside it where its name is taken, is added to MADE. */
    status (*copy)(sqlite3 *from, const char *schema, const char *from_path, int64_t from_run, sqlite3 *to,
                   const char *to_path, int64_t run, int64_t *copied, int64_t *lost, struct strbuf *made,
                   struct error *err);
    /* After the transaction: what was MADE takes its place, or goes when nothing was COMMITTED. */
    status (*settle)(const struct strbuf *made, bool committed, struct error *err);
    /* The same for files of RUN whose merge was killed after its commit. */
    status (*recover)(sqlite3 *to, const char *to_path, int64_t run, struct error *err);
    /* After the commit: remove the files of LIST that no row of TO names. */
    void (*remove)(const struct strbuf *list, const char *to_path, sqlite3 *to);
};

/* The row of a copied file PATH of RUN: epoch, sha256 and is_best as the columns 0, 2 and 3 of FROM have
 * them. */
status merge_add_checkpoint(sqlite3 *to, const char *to_path, int64_t run, const char *path,
                            sqlite3_stmt *from, struct error *err);

/* Which runs of FROM are merged, and how they are numbered. */
struct merge_choice {
    int64_t experiment; /* of FROM; 0: all */
    size_t n;
    const int64_t *runs; /* [n], of that experiment; NULL: all */
    bool keep;           /* new ones keep their numbers where TO has none of these */
    bool later; /* FROM was written later: of two that did the same epochs and did not end its one stays */
};

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
 * CHOICE: NULL for all runs, with new numbers. FROM must then be of today's schema, and be a file.
 * The files of checkpoints are copied into TO's folder. Each experiment is one transaction: after an
 * error the same call goes on. Errors: cannot read or write; a process runs an experiment of TO. */
status merge_database(sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path,
                      const struct merge_files *files, const struct merge_choice *choice,
                      struct merge_counts *out, struct error *err);

#endif
