/* folder.c - whether a folder can be read as data. Called before anything walks it whole, so that a
 * slip (`path: /`) costs a moment and no more.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/text.h"

enum { DEEPEST = 32, MOST_ENTRIES = 1000000 };

status path_folder_unread(const char *path, struct error *err)
{
    return error_set(err, "cannot read the folder '%s': %s", path, strerror(errno));
}

static status look_at(const char *path, int depth, int64_t *left, struct error *err);

/* One entry of a folder; TYPE: what readdir() says of it. */
static status look_at_entry(const char *path, unsigned char type, int depth, int64_t *left, struct error *err)
{
    struct stat about;

    if (type == DT_UNKNOWN || type == DT_LNK) {
        if (stat(path, &about) != 0)
            return error_set(err, "'%s': %s", path, strerror(errno));
        type = S_ISREG(about.st_mode) ? DT_REG : S_ISDIR(about.st_mode) ? DT_DIR : DT_UNKNOWN;
    }
    if (--*left < 0)
        return error_set(err, "the folder holds more than %d files", MOST_ENTRIES);
    if (type == DT_DIR)
        return look_at(path, depth + 1, left, err);
    return type == DT_REG ? OK : error_set(err, "'%s' is neither a file nor a folder", path);
}

static status look_at(const char *path, int depth, int64_t *left, struct error *err)
{
    DIR *folder = depth < DEEPEST ? opendir(path) : NULL;
    const struct dirent *entry;
    status result = OK;

    if (!folder)
        return depth < DEEPEST ? path_folder_unread(path, err)
                               : error_set(err, "'%s': folders are more than %d deep", path, DEEPEST);
    while (result == OK && (entry = readdir(folder))) {
        char *below;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        below = path_join(path, entry->d_name);
        result = look_at_entry(below, entry->d_type, depth, left, err);
        free(below);
    }
    closedir(folder);
    return result;
}

status path_check_data(const char *path, struct error *err)
{
    struct stat about;
    struct statfs system;

    if (stat(path, &about) != 0)
        return OK;
    if (statfs(path, &system) == 0 && path_is_of_kernel(&system))
        return error_set(err, "'%s' is of the kernel's; data is read from files and folders", path);
    if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))
        return OK;
    return error_set(err, "'%s' is %s; data is read from files and folders", path,
                     path_kind_word(about.st_mode));
}

status path_check_folder(const char *path, struct error *err)
{
    int64_t left = MOST_ENTRIES;

    return look_at(path, 0, &left, err);
}
