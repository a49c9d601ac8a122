/* share.c - see share.h. */
#include "cli/share.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "host/registry.h"

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

static int is_spec(const struct dirent *d)
{
    const size_t n = strlen(d->d_name);

    return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".yaml") == 0;
}

char **share_specs(const char *folder, size_t *n)
{
    struct dirent **found = NULL;
    const int count = scandir(folder, &found, is_spec, alphasort);
    char **names = mem_array(count > 0 ? (size_t)count : 1, sizeof *names);

    *n = 0;
    for (int i = 0; i < count; i++) {
        names[(*n)++] = mem_format("%.*s", (int)strlen(found[i]->d_name) - 5, found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return names;
}
