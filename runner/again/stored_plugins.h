/* stored_plugins.h - the plugins that stored runs were trained with, found again.
 */
#ifndef AGAIN_STORED_PLUGINS_H
#define AGAIN_STORED_PLUGINS_H

#include <sqlite3.h>

#include "base/mem.h"
#include "host/registry.h"

enum plugins_of { PLUGINS_OF_RUN, PLUGINS_OF_EXPERIMENT };

struct stored_plugins {
    struct registry *registry;
    size_t nfiles; /* for --plugin: the caller's */
    const char *const *files;
    struct strbuf changed; /* a line for each plugin that is not what it was */
};
/* Those of run or experiment ID, looked for among GIVEN [n] (files of the command line, which live as long as
 * P), the plugin folders and the program's own, and nowhere else: what DB says of paths loads nothing.
 * Release P in any case. Errors: a file of GIVEN; a plugin that is not found; the database's. */
status stored_plugins_open(struct stored_plugins *p, sqlite3 *db, enum plugins_of whose, int64_t id, size_t n,
                           const char *const *given, struct error *err);
void stored_plugins_release(struct stored_plugins *p);

#endif
