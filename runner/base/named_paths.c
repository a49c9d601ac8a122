/* named_paths.c - see named_paths.h. A line of 64 hex digits for each path; several processes may add lines
 * at a time. Paths themselves are not kept: the file tells nobody what there is.
 */
#include "base/named_paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/names.h"
#include "base/text.h"

enum { DIGITS = 64 };

/* What this process knows: the file, read once, and what was added since. */
static struct {
    bool read, torn;    /* torn: its last line has no end */
    char *text;         /* of the file; NULL: there is none */
    struct names known; /* in text and added */
    size_t nadded;
    char **added; /* not in the file yet */
} named;

/* The user's home, also of a process that nobody told it (cron, env -i); free() it. NULL: nobody knows. */
static char *home_folder(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && home[0] == '/' ? NULL : getpwuid(getuid());

    if (user)
        home = user->pw_dir;
    return home && home[0] == '/' ? mem_string(home) : NULL;
}

/* NULL without a home. free() it. */
static char *file_of_names(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    char *home = home_folder(), *path = NULL;

    if (state && state[0] == '/')
        path = mem_format("%s/fell/named", state);
    else if (home)
        path = mem_format("%s/.local/state/fell/named", home);
    free(home);
    return path;
}

static void read_names(void)
{
    struct error none;
    size_t len = 0;
    char *path;

    if (named.read)
        return;
    named.read = true;
    path = file_of_names();
    if (path && access(path, R_OK) == 0 && file_read(path, &named.text, &len, &none) != OK)
        named.text = NULL;
    free(path);
    named.torn = len > 0 && named.text[len - 1] != '\n';
    for (char *line = named.text; line && *line;) {
        const size_t n = strcspn(line, "\n");
        char *next = line + n + (line[n] == '\n');

        line[n] = 0;
        if (n == DIGITS)
            names_add(&named.known, line);
        line = next;
    }
}

static bool is_known(const char *path, size_t n)
{
    char sha256[DIGITS + 1];

    sha256_text(path, n, sha256);
    return names_find(&named.known, sha256) != NAMES_NONE;
}

void named_paths_add(const char *path)
{
    char *given = path_absolute(path), *full = path_fold(given), *sha256 = mem_array(DIGITS + 1, 1);

    read_names();
    sha256_text(full, strlen(full), sha256);
    if (strcmp(full, "/") == 0 || names_find(&named.known, sha256) != NAMES_NONE) {
        free(sha256);
    } else {
        named.added = mem_grow(named.added, named.nadded + 1, sizeof *named.added);
        named.added[named.nadded++] = sha256; /* the table of names keeps it */
        names_add(&named.known, sha256);
    }
    free(given);
    free(full);
}

void named_paths_keep(void)
{
    char *path = named.nadded ? file_of_names() : NULL, *folder = path ? path_folder(path) : NULL;
    struct strbuf lines = {0};
    struct error none;
    int fd;

    if (named.torn)
        strbuf_add(&lines, "\n");
    for (size_t i = 0; i < named.nadded; i++)
        strbuf_addf(&lines, "%s\n", named.added[i]);
    if (folder && path_make_folder(folder, &none) == OK &&
        (fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)) >= 0) {
        if (write(fd, lines.text, lines.len) == (ssize_t)lines.len)
            named.nadded = 0;
        named.torn = false;
        close(fd);
    }
    strbuf_release(&lines);
    free(folder);
    free(path);
}

/* PATH or a folder that it is in. */
static bool is_named(const char *path)
{
    for (size_t n = strlen(path); n > 1; n--)
        if ((path[n] == 0 || path[n] == '/') && is_known(path, n))
            return true;
    return false;
}

static bool is_below(const char *path, const char *folder)
{
    const size_t n = strlen(folder);

    return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* That no symbolic link below PATH leads out of REAL_FOLDER, as deep as a dataset looks. What cannot be
 * listed has none that could be followed. */
static bool stays_in(const char *path, const char *real_folder, int depth)
{
    DIR *folder = opendir(path);
    bool stays = true;

    for (const struct dirent *e; folder && stays && (e = readdir(folder));) {
        char *there = path_join(path, e->d_name), *real = NULL;
        struct stat about;

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || lstat(there, &about) != 0) {
            free(there);
            continue;
        }
        if (S_ISLNK(about.st_mode)) {
            real = path_real(there);
            stays = !real || is_below(real, real_folder);
        } else if (S_ISDIR(about.st_mode) && depth > 1) {
            stays = stays_in(there, real_folder, depth - 1);
        }
        free(real);
        free(there);
    }
    if (folder)
        closedir(folder);
    return stays;
}

enum { DEPTH = 4 }; /* of an image_folder, its classes and their images are two */

/* Of FOLDER and of what it is called without symbolic links, the text that PATH begins with. FOLDER too wide:
 * never. */
static bool is_in(const char *path, const char *folder)
{
    char *home = home_folder();
    char *real_folder = path_real(folder), *real_home = home ? path_real(home) : NULL, *real = NULL;
    bool in = real_folder && strcmp(real_folder, "/") != 0 &&
              (!real_home || !is_below(real_home, real_folder)) &&
              (!real_home || strcmp(real_home, real_folder) != 0);

    /* What is elsewhere by its name is not even looked at. */
    if (in && (is_below(path, folder) || is_below(path, real_folder))) {
        real = path_real(path);
        /* of what is not there nothing is opened */
        in = !real || (is_below(real, real_folder) && stays_in(real, real_folder, DEPTH));
    } else {
        in = false;
    }
    free(real);
    free(real_home);
    free(real_folder);
    free(home);
    return in;
}

/* Below the folder of FROM, or of its project. */
static bool is_beside(const char *path, const char *from)
{
    char *full = path_absolute(from), *folder = path_folder(full), *above = path_folder(folder);
    const bool beside =
        is_in(path, folder) || (strcmp(path_base(folder), "results") == 0 && is_in(path, above));

    free(above);
    free(folder);
    free(full);
    return beside;
}

/* Whether `..` is one of PATH's folders. */
static bool goes_up(const char *path)
{
    for (const char *at = path; (at = strstr(at, "/..")); at += 3)
        if (at[3] == '/' || at[3] == 0)
            return true;
    return false;
}

status named_paths_check(const char *path, const char *from, struct error *err)
{
    char here[PATH_MAX];

    read_names();
    if (path[0] == '/' && !goes_up(path) &&
        (is_named(path) || is_beside(path, from) || (getcwd(here, sizeof here) && is_in(path, here))))
        return OK;
    return error_set(err,
                     "'%s' is named by '%s' alone, and lies neither below its folder nor below this one (or "
                     "a link in it leads out): if it "
                     "is to be read, name it yourself, or the folder where it is now: --trust '%s'",
                     path, from, path);
}
