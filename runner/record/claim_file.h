/* claim_file.h - the half of a claim that other machines and containers see: a file beside the database, with
 * who it is and a heartbeat, the time at which the file was touched last. Sockets (claim.h) reach no further
 * than one network name space.
 *
 * Both times that tell its age are the file system's, so that no machine's clock matters.
 */
#ifndef RECORD_CLAIM_FILE_H
#define RECORD_CLAIM_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/mem.h"

struct claim_file {
    char *path;  /* NULL: there is none */
    char *text;  /* what it holds */
    double beat; /* time_monotonic() when it was touched last */
    bool told;   /* that it cannot be touched */
};

/* This process claims UID of DATABASE. A file that is there is void when its process is dead, as this machine
 * knows of its own ones, or when it was not touched for a minute, of others. COUNTS: whether the claim of
 * a user means anything. FAILED: another lives, told with its machine; or no file can be made. */
status claim_file_take(struct claim_file *f, const char *database, const char *uid,
                       bool (*counts)(void *arg, uid_t user), void *arg, struct error *err);

/* Whether somebody holds it, by the same rules. Nothing is changed. */
bool claim_file_is_held(const char *database, const char *uid, bool (*counts)(void *arg, uid_t user),
                        void *arg);

/* Every few seconds, called as often as one likes. FAILED: this process did not stir for so long that another
 * machine runs the experiment now. *NOTE: NULL, or, once, that the file cannot be touched; free(). */
status claim_file_beat(struct claim_file *f, char **note, struct error *err);

void claim_file_drop(struct claim_file *f); /* NULL path is fine */

#endif
