/* new_file.c - see new_file.h. Decides nothing about what is in them. */
#include "base/new_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/safe.h"
#include "base/text.h"

enum { DIGITS = 16, TRIES = 100, OLD = 2 /* seconds: its writer had the time to lock it */ };

/* ---- names ---------------------------------------------------------------------------------- */

/* FOLDER/.BASE.0123456789abcdef; a base name that is nearly as long as names may be is cut. */
static char *random_name(const char *target)
{
    char *folder = path_folder(target), *name;
    const char *base = path_base(target);
    const int most = NAME_MAX - DIGITS - 2;
    unsigned long long digits;

    if (getrandom(&digits, sizeof digits, GRND_NONBLOCK) != (ssize_t)sizeof digits)
        digits = (unsigned long long)(time_monotonic() * 1e9) * 2654435761u + (unsigned long long)getpid();
    name = mem_format("%s/.%.*s.%016llx", folder, most, base, digits);
    free(folder);
    return name;
}

/* Whether NAME is one that random_name() gives for BASE. */
static bool is_ours(const char *name, const char *base)
{
    const size_t most = NAME_MAX - DIGITS - 2, whole = strlen(base), n = whole < most ? whole : most;

    return name[0] == '.' && strncmp(name + 1, base, n) == 0 && name[1 + n] == '.' &&
           strspn(name + 2 + n, "0123456789abcdef") == DIGITS && name[2 + n + DIGITS] == 0;
}

/* A writer holds a lock on its file until it is done. */
static bool is_left(int folder, const char *name)
{
    struct stat about;
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool left = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
                      about.st_uid == geteuid() && about.st_ctime + OLD < time(NULL) &&
                      flock(fd, LOCK_EX | LOCK_NB) == 0;

    if (fd >= 0)
        close(fd);
    return left;
}

int new_file_sweep(const char *path)
{
    char *where = path_folder(path);
    DIR *folder = opendir(where);
    const struct dirent *entry;
    int n = 0;

    while (folder && (entry = readdir(folder)))
        if (is_ours(entry->d_name, path_base(path)) && is_left(dirfd(folder), entry->d_name))
            n += unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    if (folder)
        closedir(folder);
    free(where);
    return n;
}

/* ---- begin ---------------------------------------------------------------------------------- */

static int open_named(struct new_file *f)
{
    int fd = -1;

    for (int i = 0; i < TRIES && fd < 0; i++) {
        free(f->part);
        f->part = random_name(f->target);
        fd = open(f->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666); /* O_EXCL follows no link */
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0) {
        free(f->part);
        f->part = NULL;
    }
    return fd;
}

/* The kernel gives a name to a nameless file through /proc alone. */
static int open_unnamed(const char *target)
{
    char *folder = path_folder(target);
    const int fd =
        access("/proc/self/fd", X_OK) == 0 ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;

    free(folder);
    return fd;
}

/* A device or a pipe, whose reader must be there. */
static int open_into(const char *path)
{
    const int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        fcntl(fd, F_SETFL, 0); /* its writes wait */
    return fd;
}

static status cannot_write(const struct new_file *f, struct error *err)
{
    return error_set(err, "cannot write '%s': %s", f->name, strerror(errno));
}

static void release(struct new_file *f)
{
    free(f->part);
    free(f->target);
    if (f->into > 0)
        close(f->into);
    *f = (struct new_file){.to = NULL};
}

status new_file_begin(struct new_file *f, const char *path, struct error *err)
{
    struct stat about;
    const bool there = stat(path, &about) == 0;
    int fd;

    *f = (struct new_file){.name = path, .target = there ? path_real(path) : NULL};
    if (!f->target)
        f->target = mem_string(path);
    if (there && !S_ISREG(about.st_mode)) {
        f->into = open_into(path);
        f->to = f->into > 0 ? tmpfile() : NULL;
        return f->to ? OK : (cannot_write(f, err), release(f), FAILED);
    }
    new_file_sweep(f->target);
    fd = open_unnamed(f->target);
    if (fd < 0)
        fd = open_named(f);
    if (fd >= 0) {
        flock(fd, LOCK_EX | LOCK_NB);
        if (there)
            fchmod(fd, about.st_mode & 0777);
        f->to = fdopen(fd, "wb");
    }
    if (f->to)
        return OK;
    cannot_write(f, err);
    if (fd >= 0)
        close(fd);
    if (f->part)
        unlink(f->part);
    release(f);
    return FAILED;
}

/* ---- end ------------------------------------------------------------------------------------ */

/* Makes the new name itself survive a loss of power. */
static void sync_folder(const char *path)
{
    char *folder = path_folder(path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

static int link_as(const struct new_file *f, const char *name)
{
    char own[64];

    if (f->part)
        return link(f->part, name);
    snprintf(own, sizeof own, "/proc/self/fd/%d", fileno(f->to));
    return linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* A name of its own, for rename(2) to take. */
static bool give_name(struct new_file *f)
{
    for (int i = 0; i < TRIES && !f->part; i++) {
        char *name = random_name(f->target);

        if (link_as(f, name) == 0) {
            f->part = name;
            break;
        }
        free(name);
        if (errno != EEXIST)
            break;
    }
    return f->part != NULL;
}

static bool copy_into(struct new_file *f)
{
    char bytes[1 << 16];
    size_t n;

    rewind(f->to);
    if (isatty(f->into))
        return safe_copy(f->to, f->into);
    while ((n = fread(bytes, 1, sizeof bytes, f->to)) > 0)
        for (size_t done = 0; done < n;) {
            const ssize_t some = write(f->into, bytes + done, n - done);

            if (some < 0 && errno != EINTR)
                return false;
            done += some > 0 ? (size_t)some : 0;
        }
    return !ferror(f->to);
}

static bool put_in_place(struct new_file *f, enum new_file_end how)
{
    if (f->into > 0)
        return copy_into(f);
    /* With no file in the way there is no moment at which it has another name. */
    if (link_as(f, f->target) == 0)
        return true;
    if (errno == EEXIST && how == NEW_FILE_IF_NONE)
        return true;
    if (how == NEW_FILE_IF_NONE || (errno != EEXIST && !f->part) || !give_name(f) ||
        rename(f->part, f->target) != 0)
        return false;
    free(f->part);
    f->part = NULL;
    return true;
}

/* The kernel begins to write what is in it: of several files each then waits for less. */
static void start_writing(const struct new_file *f)
{
#ifdef SYNC_FILE_RANGE_WRITE
    sync_file_range(fileno(f->to), 0, 0, SYNC_FILE_RANGE_WRITE);
#else
    (void)f;
#endif
}

static void close_file(struct new_file *f, enum new_file_end how, status *result, struct error *err)
{
    if (f->part)
        unlink(f->part);
    if (fclose(f->to) != 0 && *result == OK && how != NEW_FILE_DROP)
        *result = cannot_write(f, err);
}

status new_files_end(struct new_file *files, size_t n, enum new_file_end how, struct error *err)
{
    struct new_file *const end = files + n;
    status result = OK;

    for (struct new_file *f = files; f < end && how != NEW_FILE_DROP && result == OK; f++) {
        if (ferror(f->to) || fflush(f->to) != 0)
            result = cannot_write(f, err);
        else if (n > 1)
            start_writing(f);
    }
    for (struct new_file *f = files; f < end && how != NEW_FILE_DROP && result == OK; f++)
        if (fsync(fileno(f->to)) != 0)
            result = cannot_write(f, err);
    for (struct new_file *f = files; f < end && how != NEW_FILE_DROP && result == OK; f++)
        if (!put_in_place(f, how))
            result = cannot_write(f, err);
    for (struct new_file *f = files; f < end; f++)
        close_file(f, how, &result, err);
    if (how != NEW_FILE_DROP && result == OK && n)
        sync_folder(files->target);
    for (struct new_file *f = files; f < end; f++)
        release(f);
    return result;
}

status new_file_end(struct new_file *f, enum new_file_end how, struct error *err)
{
    return new_files_end(f, 1, how, err);
}
