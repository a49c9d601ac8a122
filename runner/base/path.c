/* path.c - the names of files, and the folders that they need. See text.h. */
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *folder, const char *path)
{
    size_t n = strlen(folder);

    if (path[0] == '/' || n == 0 || strcmp(folder, ".") == 0)
        return mem_string(path);
    return mem_format("%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", path);
}

char *path_folder(const char *path)
{
    size_t n = strlen(path);
    char *folder;

    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0)
        return mem_string(".");
    folder = mem_string(path);
    folder[n] = 0;
    return folder;
}

/* Takes out `.` and doubled slashes, which is always right; `a/..` stays, for a may
 * be a symbolic link. */
char *path_absolute(const char *path)
{
    char here[PATH_MAX];
    struct strbuf full = {0};
    const char *parts[2];

    parts[0] = path[0] == '/' || !getcwd(here, sizeof here) ? "" : here;
    parts[1] = path;
    for (int i = 0; i < 2; i++)
        for (const char *p = parts[i]; *p;) {
            size_t n = strcspn(p, "/");

            if (n > 0 && !(n == 1 && *p == '.')) {
                strbuf_add(&full, "/");
                strbuf_addn(&full, p, n);
            }
            p += n + strspn(p + n, "/");
        }
    if (full.len == 0)
        strbuf_add(&full, "/");
    return full.text;
}

char *path_real(const char *path)
{
    char *real = realpath(path, NULL);

    if (!real && errno == ENOMEM)
        mem_failed(); /* not as though there were nothing */
    return real;
}

static bool is_link(const char *path)
{
    struct stat about;

    return lstat(path, &about) == 0 && S_ISLNK(about.st_mode);
}

char *path_fold(const char *path)
{
    struct strbuf full = {0};

    for (const char *p = path + strspn(path, "/"); *p;) {
        const size_t n = strcspn(p, "/");
        const bool up = n == 2 && p[0] == '.' && p[1] == '.';
        const char *last = full.len ? strrchr(full.text, '/') : NULL;

        if (!up || (last && (strcmp(last, "/..") == 0 || is_link(full.text)))) {
            strbuf_add(&full, "/");
            strbuf_addn(&full, p, n);
        } else if (last) {
            full.len = (size_t)(last - full.text);
            full.text[full.len] = 0;
        }
        p += n + strspn(p + n, "/");
    }
    if (full.len == 0)
        strbuf_add(&full, "/");
    return full.text;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static status make_one_folder(const char *path, struct error *err)
{
    struct stat about;

    if (mkdir(path, 0777) == 0)
        return OK;
    if (errno != EEXIST)
        return error_set(err, "cannot make the folder '%s': %s", path, strerror(errno));
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return error_set(err, "cannot make the folder '%s': a file is in its place", path);
    return OK;
}

/* COPY of the path is as before at the end. */
static status make_folders(char *copy, struct error *err)
{
    status result = OK;

    for (char *p = copy + 1; *copy && *p && result == OK; p++)
        if (*p == '/' && p[-1] != '/') {
            *p = 0;
            result = make_one_folder(copy, err);
            *p = '/';
        }
    return result == OK ? make_one_folder(copy, err) : result;
}

/* Another process may remove an empty folder while what belongs into it is made. */
status path_make_folder(const char *path, struct error *err)
{
    char *copy = mem_string(path);
    status result = FAILED;

    for (int tries = 0; tries < 3 && result != OK; tries++) {
        errno = 0;
        result = make_folders(copy, err);
        if (errno != ENOENT)
            break;
    }
    free(copy);
    return result;
}
