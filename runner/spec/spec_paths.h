/* spec_paths.h - the files and folders that a spec names: who they are matters more than where they are.
 */
#ifndef SPEC_SPEC_PATHS_H
#define SPEC_SPEC_PATHS_H

#include "spec/spec.h"

/* Every file that a setting of S names (FELL_PATH): the section and index that spec_each_choice() gives
 * ("data.source", "model" 3, "train"), the setting, ITEM of its list (-1: it is none), the path. */
typedef void spec_path_fn(void *arg, const char *section, int index, const char *setting, int64_t item,
                          const char *path);
void spec_each_path(const struct spec *s, spec_path_fn *fn, void *arg);

/* RESOLVED, the JSON of S, with another text in the place of every path: what NAME makes of it, valid until
 * its next call. A text of the spec that is no path, but equal to one, is renamed too. free() it; NULL: S
 * names no file. */
char *spec_rename_paths(const struct spec *s, const char *resolved,
                        const char *(*name)(void *arg, const char *path), void *arg);

/* That every file of S may be opened, S coming from the file FROM: see named_paths_check(). */
status spec_check_paths(const struct spec *s, const char *from, struct error *err);

#endif
