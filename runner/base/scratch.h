/* scratch.h - a folder for files that a command needs only while it runs. It goes with the command, however
 * that ends: a process that does nothing else waits for the end, and removes what was left.
 */
#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H

#include <sys/types.h>

#include "base/error.h"

struct scratch {
    char *folder; /* $TMPDIR/fell-XXXXXX, or in /tmp; NULL: there is none */
    int alive;    /* closed when this process ends */
    pid_t keeper; /* who waits for it; 0: nobody could be found to */
};

/* Make S, which is zero or was released; a folder that is there stays. Errors: it cannot be made. */
status scratch_begin(struct scratch *s, struct error *err);
/* The path of a file NAME in S's folder, which is made first if need be. free() it. NULL: ERR, as above. */
char *scratch_file(struct scratch *s, const char *name, struct error *err);
/* Remove the folder with its files. */
void scratch_end(struct scratch *s);

#endif
