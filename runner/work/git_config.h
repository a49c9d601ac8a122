/* git_config.h - whether git can be asked about a work tree without running what came with it.
 */
#ifndef WORK_GIT_CONFIG_H
#define WORK_GIT_CONFIG_H

#include <stdbool.h>

/* TEXT: a configuration file of a repository. True when every line of it is understood here and no key can
 * make `git status` run a program (a filter, a file monitor, a hook), read another file of settings or
 * fetch objects. False in doubt. */
bool git_config_is_harmless(const char *text);

#endif
