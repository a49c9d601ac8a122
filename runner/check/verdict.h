/* verdict.h - what `fell plugin check` found of a file, kept by the file's SHA-256 in the
 * user's state folder: $XDG_STATE_HOME/fell/checks, or ~/.local/state/fell/checks.
 *
 * A verdict of another version of this program counts as none.
 */
#ifndef CHECK_VERDICT_H
#define CHECK_VERDICT_H

#include <stdbool.h>

#include "host/registry.h"

struct verdict_note {
    const char *word;  /* "passed", "failed" or "unchecked" */
    char failed[1024]; /* the checks that failed, "gradient, bounds"; "" if none */
};

/* Of a file whose hash is filled in. One that came with the program, whose tests check all of
 * those, has passed unless a check here found otherwise. */
void verdict_read(const struct plugin_file *file, struct verdict_note *out);

/* FAILED: the names of the checks that did, or "". Errors: the folder cannot be written. */
status verdict_store(const char *sha256, const char *failed, struct error *err);

#endif
