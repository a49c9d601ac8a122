/* merge_files.h - the files of checkpoints when databases are merged: each database has its own folder.
 */
#ifndef WORK_MERGE_FILES_H
#define WORK_MERGE_FILES_H

#include "record/merge.h"

/* For merge_database(). Errors: cannot write. */
extern const struct merge_files merge_files;

#endif
