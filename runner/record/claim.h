/* claim.h - which process runs an experiment: told by a socket in the abstract name space. Only one process
 * can bind the name, and it is gone with the process, however that ends. Anybody may bind any name there, so
 * the socket of a user who may not write the database counts for nothing. Other machines and containers are
 * told by a file (claim_file.h).
 */
#ifndef RECORD_CLAIM_H
#define RECORD_CLAIM_H

#include <stdbool.h>

#include "base/error.h"
#include "record/claim_file.h"

struct claim {
    bool held;
    int socket;
    struct claim_file file;
};

/* This process runs experiment UID of the database PATH until claim_drop(). FAILED: another does, and lives.
 */
status claim_take(const char *path, const char *uid, struct claim *out, struct error *err);
/* While it runs it, as often as one likes. FAILED: another machine does now. *NOTE: as in claim_file_beat().
 */
status claim_beat(struct claim *c, char **note, struct error *err);
void claim_drop(struct claim *c); /* one that is not held is fine */

/* Whether a process does, of this machine or of another one that has touched its claim lately. */
bool claim_is_taken(const char *path, const char *uid);

#endif
