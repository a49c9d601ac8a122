/* named_paths.h - the files and folders that this user has named: in a spec that was run, or after --trust.
 * They are kept by the SHA-256 of their paths in the user's state folder: $XDG_STATE_HOME/fell/named, or
 * ~/.local/state/fell/named.
 *
 * A database, or a file of weights, tells paths as well, but it may come from somebody else: what it alone
 * names is not opened.
 */
#ifndef BASE_NAMED_PATHS_H
#define BASE_NAMED_PATHS_H

#include <stdbool.h>

#include "base/error.h"

/* PATH, made absolute, was named by the user. Known for the rest of this process, and kept by
 * named_paths_keep(). */
void named_paths_add(const char *path);
/* For later processes. Where they cannot be kept, nothing is said: they have to be named again then, which
 * named_paths_check() tells. */
void named_paths_keep(void);

/* That PATH, which stands in the file FROM, may be opened: the user has named it or a folder that it is in,
 * or it is below the folder of FROM (if that is called results, the one around it) or below the current
 * folder, and no symbolic link leads out of there, nor one in PATH where that is a folder. The home folder
 * and / are no such folders. Errors: a sentence with what to do. */
status named_paths_check(const char *path, const char *from, struct error *err);

#endif
