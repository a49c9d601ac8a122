/* share.c - see share.h. */
#include "cli/share.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "host/registry_open.h"

#ifndef FELL_PLUGINDIR
#define FELL_PLUGINDIR "/usr/local/lib/fell/plugins"
#endif
#ifndef FELL_SOURCE_INCLUDE
#define FELL_SOURCE_INCLUDE "/nowhere"
#endif

char *share_folder(const char *name)
{
    /* Where it is installed, from the program and from the plugins; the sources, by their include, or as
     * builds lie in them. */
    char *program = program_path(), *home = path_folder(program);
    char *places[] = {mem_format("%s/../share/fellrunner/%s", home, name),
                      mem_format("%s/../../../share/fellrunner/%s", FELL_PLUGINDIR, name),
                      mem_format("%s/../%s", FELL_SOURCE_INCLUDE, name),
                      mem_format("%s/../../%s", home, name)};
    char *found = NULL;
    struct stat about;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!found && stat(places[i], &about) == 0 && S_ISDIR(about.st_mode))
            found = path_real(places[i]);
        free(places[i]);
    }
    free(home);
    free(program);
    return found;
}
