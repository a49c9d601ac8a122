/* claim.h - which process runs an experiment: told by a socket in the abstract name space. It needs
 * no file, only one process can bind the name, and it is gone with the process, however that ends.
 * Anybody may bind any name there, so the socket of a user who may not write the database counts for nothing.
 */
#ifndef RECORD_CLAIM_H
#define RECORD_CLAIM_H

#include <stdbool.h>

#include "base/error.h"

/* *FD: this process runs experiment UID of the database PATH until it is closed. FAILED: another
 * does, and lives. */
status claim_take(const char *path, const char *uid, int *fd, struct error *err);

/* Whether a process of this machine does. */
bool claim_is_taken(const char *path, const char *uid);

#endif
