/* data_cache_folder.c - the cache's folder: room for an entry, and one writer for each. See
 * data_cache_parts.h.
 *
 * Knows entries by their names only, and touches no file that is not called like one. Nothing here is an
 * error: a folder that cannot be used is a cache that is not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/data_cache_parts.h"

enum { KEY_DIGITS = 64, LEFT_BEHIND = 3600 /* seconds */ };

static const double PATIENCE = 60.0;                          /* seconds for another's lock */
static const long FIRST_NAP = 200000, LONGEST_NAP = 20000000; /* nanoseconds */

/* ---- room --------------------------------------------------------------------------- */

struct entry {
    char *path;
    int64_t bytes;
    struct timespec used;
};

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used, *y = &((const struct entry *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* What follows the key in NAME: ".rows", ".part" or ".lock"; NULL when it is not ours. */
static const char *ending(const char *name)
{
    static const char *const endings[] = {".rows", ".part", ".lock"};

    if (strspn(name, "0123456789abcdef") != KEY_DIGITS)
        return NULL;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(name + KEY_DIGITS, endings[i]) == 0)
            return endings[i];
    return NULL;
}

/* Parts and locks of writers that are long dead are removed on the way. */
static size_t list_entries(const char *folder, struct entry **out)
{
    DIR *dir = opendir(folder);
    struct entry *list = NULL;
    const struct dirent *found;
    size_t n = 0;

    while (dir && (found = readdir(dir))) {
        const char *kind = ending(found->d_name);
        char *path = kind ? path_join(folder, found->d_name) : NULL;
        struct stat about;

        if (!kind || lstat(path, &about) != 0 || !S_ISREG(about.st_mode)) {
            free(path);
        } else if (strcmp(kind, ".rows") == 0) {
            list = mem_grow(list, n + 1, sizeof *list);
            list[n++] = (struct entry){.path = path, .bytes = about.st_size, .used = about.st_mtim};
        } else {
            if (time(NULL) - about.st_mtim.tv_sec > LEFT_BEHIND)
                unlink(path);
            free(path);
        }
    }
    if (dir)
        closedir(dir);
    *out = list;
    return n;
}

bool cache_folder_make_room(const char *folder, int64_t bytes, int64_t most)
{
    struct entry *list = NULL;
    struct statvfs disk;
    int64_t used = 0;
    size_t n, i = 0;

    if (bytes > most)
        return false;
    n = list_entries(folder, &list);
    for (size_t k = 0; k < n; k++)
        used += list[k].bytes;
    if (n)
        qsort(list, n, sizeof *list, by_use);
    for (; i < n && used > most - bytes; i++) /* who has it mapped keeps it */
        if (unlink(list[i].path) == 0 || errno == ENOENT)
            used -= list[i].bytes;
    for (size_t k = 0; k < n; k++)
        free(list[k].path);
    free(list);
    return used <= most - bytes && statvfs(folder, &disk) == 0 &&
           (double)bytes <= (double)disk.f_bavail * (double)disk.f_frsize / 2;
}

/* ---- the lock ------------------------------------------------------------------------- */

/* Whether LOCK is still what PATH names: a holder removes the file before it lets go. */
static bool is_current(int lock, const char *path)
{
    struct stat mine, there;

    return fstat(lock, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
}

static int open_lock(const char *folder, const char *path)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    int lock = open(path, flags, 0600);
    struct error ignored;

    if (lock < 0 && errno == ENOENT && path_make_folder(folder, &ignored) == OK)
        lock = open(path, flags, 0600);
    return lock;
}

/* flock() in naps and not at once: a holder may be stopped, and a file system may lose locks. */
int cache_lock(const char *folder, const char *key)
{
    char *path = mem_format("%s/%s.lock", folder, key);
    const double begin = time_monotonic();
    struct timespec nap = {.tv_nsec = FIRST_NAP};
    int lock = open_lock(folder, path);

    while (lock >= 0) {
        bool busy = flock(lock, LOCK_EX | LOCK_NB) != 0;

        if (!busy && is_current(lock, path))
            break;
        if (busy && (errno == EWOULDBLOCK || errno == EINTR) && time_monotonic() - begin < PATIENCE) {
            nanosleep(&nap, NULL);
            nap.tv_nsec = nap.tv_nsec < LONGEST_NAP / 2 ? nap.tv_nsec * 2 : LONGEST_NAP;
            continue;
        }
        close(lock);
        lock = busy ? -1 : open_lock(folder, path);
    }
    free(path);
    return lock;
}

void cache_unlock(const char *folder, const char *key, int lock)
{
    char *path;

    if (lock < 0)
        return;
    path = mem_format("%s/%s.lock", folder, key);
    unlink(path);
    close(lock);
    free(path);
}
