/* moved_files.h - the files that a stored run was trained on, where they are now: a project that was moved
 * or copied to another folder has them in other places, and what they hold tells them.
 */
#ifndef AGAIN_MOVED_FILES_H
#define AGAIN_MOVED_FILES_H

#include <sqlite3.h>

#include "base/error.h"
#include "base/mem.h"

struct moved_files {
    size_t n; /* files that are found in another place */
    char **from, **to;
    struct strbuf changed; /* what is wrong with the first file that is nowhere; "" if all are found */
};

/* Every file of run RUN whose place in DB does not hold the recorded bytes any more is looked for below the
 * folders of DB, the current one and those above them, by the end of its path: /old/project/data/a.csv as
 * data/a.csv and a.csv. Only the same bytes count. Release M in any case. Errors: the database's. */
status moved_files_find(sqlite3 *db, int64_t run, struct moved_files *m, struct error *err);
void moved_files_release(struct moved_files *m);

/* Where the file that was at PATH is: PATH itself if it did not move. ARG: a struct moved_files. */
const char *moved_files_now(void *arg, const char *path);

#endif
