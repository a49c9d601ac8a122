/* resume.h - where the states of runs are, and from which of them a run that was cut short goes
 * on.
 */
#ifndef WORK_RESUME_H
#define WORK_RESUME_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

/* The files of a run's folder from which it can go on: of a pause, the state before the last one, the last
 * and the best. The first two are of use until the run is over. */
enum { RESUME_FILES = 4, RESUME_FILES_OF_A_RUN_AT_WORK = 2 };
extern const char *const resume_files[RESUME_FILES];

/* FILE.checkpoints/RUN beside the database FILE; free() it. */
char *resume_folder(const char *db_path, int64_t run);

/* What checkpoints.path has for the file NAME of RUN: "RUN/NAME", below FILE.checkpoints. free() it. */
char *resume_stored_path(int64_t run, const char *name);
/* The file that STORED, a checkpoints.path of RUN, means for the database DB_PATH: the one of that name in
 * the run's folder, whatever else stands before the name; a database of somebody else may say anything. NULL:
 * it is no name. free() it. */
char *resume_file(const char *db_path, int64_t run, const char *stored);

/* Files of runs, to be removed later. */
void resume_list_add(struct strbuf *list, int64_t run, const char *stored);
/* Remove them: only below FILE.checkpoints/RUN of DB_PATH, and not where one of the two folders is a
 * symbolic link. Not those that KEPT (may be NULL) has a row of. */
void resume_list_remove(const struct strbuf *list, const char *db_path, sqlite3 *kept);

/* Remove FILE.checkpoints if nothing is in it. */
void resume_tidy(const char *db_path);

/* The latest state of RUN (its id in DB, the file DB_PATH) that is whole, belongs to the run's spec
 * and seed, and of which the database says so: its epochs are all recorded, and so is the file. *PATH: free()
 * it; NULL: there is none and the run begins anew, *EPOCH 0. NOTE, when not NULL: called for each file that
 * should serve but is damaged, with a sentence. FAILED: the database. */
status resume_find(sqlite3 *db, const char *db_path, int64_t run, char **path, int64_t *epoch,
                   void (*note)(void *arg, const char *text), void *arg, struct error *err);

#endif
