/* plugin.h - between the files of `fell plugin`. */
#ifndef CLI_PLUGIN_H
#define CLI_PLUGIN_H

#include "cli/command.h"
#include "host/registry.h"

/* Each task takes the whole call, args[0] its own word, and returns an exit status. */
int plugin_new(const struct call *c);
int plugin_build(const struct call *c);
int plugin_check(const struct call *c);
int plugin_verify(const struct call *c);

/* With the files of --plugin; NULL, and all is said, if one of them cannot be used. */
struct registry *plugin_registry(const struct call *c);

/* Says that there is no such KIND, and which is near. Returns EXIT_INPUT. */
int plugin_unknown_kind(const char *kind);

#endif
