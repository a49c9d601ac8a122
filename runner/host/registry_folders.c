/* registry_folders.c - the folders that plugins are looked for in: those of FELL_PLUGIN_PATH, the user's,
 * and the program's own. Does not look into them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/registry_open.h"

struct list {
    size_t n;
    struct plugin_folder *folders;
    struct strbuf *notes;
};

/* As the shell found it, where there is no /proc: the first word of the command line, looked for on PATH. */
static char *program_by_name(void)
{
    const char *name = program_invocation_name, *rest = getenv("PATH");
    char *found = strchr(name, '/') ? path_real(name) : NULL;

    while (!found && !strchr(name, '/') && rest && *rest) {
        const size_t n = strcspn(rest, ":");
        char *folder = n ? mem_format("%.*s", (int)n, rest) : mem_string("."),
             *path = path_join(folder, name);

        if (access(path, X_OK) == 0)
            found = path_real(path);
        free(path);
        free(folder);
        rest += n + (rest[n] == ':');
    }
    return found ? found : mem_string("");
}

char *program_path(void)
{
    const char *given = getenv("FELL_PROGRAM");
    char path[4096];
    ssize_t n;

    if (given && given[0])
        return mem_string(given);
    n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    return n > 0 ? mem_string(path) : program_by_name();
}

static bool is_folder(const char *path, struct stat *about)
{
    return stat(path, about) == 0 && S_ISDIR(about->st_mode);
}

/* The folder that came with the program: beside it, where it was built; or where it
 * was installed, found from the program first, so that a tree can be moved. */
static char *bundled_folder(void)
{
    static const char *const from_program[] = {"plugins", "../lib/fell/plugins"};
    char *program = program_path(), *home = path_folder(program), *path;
    struct stat about;

    for (size_t i = 0; i < sizeof from_program / sizeof from_program[0]; i++) {
        path = path_join(home, from_program[i]);
        if (is_folder(path, &about))
            goto out;
        free(path);
    }
    path = mem_string(FELL_PLUGINDIR);
out:
    free(home);
    free(program);
    return path;
}

static char *user_folder(void)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

    if (data && data[0] == '/')
        return path_join(data, "fell/plugins");
    return home && home[0] == '/' ? path_join(home, ".local/share/fell/plugins") : NULL;
}

/* A folder that is not there or is listed already is left out; the program's own is
 * known under any name. */
static void add_folder(struct list *l, const char *path, const char *own)
{
    struct stat about;
    char *real = path ? path_real(path) : NULL;
    bool keep = real && is_folder(real, &about);

    for (size_t i = 0; keep && i < l->n; i++)
        keep = strcmp(l->folders[i].path, real) != 0;
    if (!keep) {
        free(real);
        return;
    }
    l->folders = mem_grow(l->folders, l->n + 1, sizeof *l->folders);
    l->folders[l->n++] = (struct plugin_folder){real, own && strcmp(real, own) == 0};
}

/* Folders of FELL_PLUGIN_PATH, divided by colons. */
static void add_search_path(struct list *l, const char *search, const char *own)
{
    while (search && *search) {
        size_t n = strcspn(search, ":");
        char *path = mem_format("%.*s", (int)n, search);
        struct stat about;

        if (n && !is_folder(path, &about))
            strbuf_addf(l->notes, "FELL_PLUGIN_PATH: there is no folder '%s'\n", path);
        if (n)
            add_folder(l, path, own);
        free(path);
        search += n + (search[n] == ':');
    }
}

size_t plugin_folders(struct plugin_folder **out, struct strbuf *notes)
{
    struct list l = {.n = 0, .folders = NULL, .notes = notes};
    char *bundled = bundled_folder(), *own = path_real(bundled), *user = user_folder();

    add_search_path(&l, getenv("FELL_PLUGIN_PATH"), own);
    add_folder(&l, user, own);
    add_folder(&l, bundled, own);
    free(bundled);
    free(own);
    free(user);
    *out = l.folders;
    return l.n;
}
