/* fault_shim.c - for faults.sh, preloaded: lets one call, or all from one on, fail as they do where a disk is
 * full, a device is broken or memory is out.
 *
 *     FAULT=disk|read|sync|open|memory   which calls
 *     FAULT_ERRNO=28                what they fail with
 *     FAULT_AT=17                   the how manyth of them in a process; 0: none
 *     FAULT_ON=1                    and all that follow
 *     FAULT_WHO=run|worker          in which process: the first word of its command line
 *     FAULT_COUNT=FILE              how many there were is written there at the end
 *
 * Only calls through the dynamic linker are seen: SQLite's and the program's own, not those inside libc.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { DISK, READ, SYNC, OPEN, MEMORY, NONE };
static const char *const words[] = {"disk", "read", "sync", "open", "memory"};
static enum kind chosen = NONE;
static long at;
static int number;
static int all_that_follow;
static atomic_long seen;

/* Whether argv[1] of this process is WORD. */
static int is_process(const char *word)
{
    char text[256];
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY);
    const ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0 && strcmp(text + strlen(text) + 1, word) == 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("FAULT"), *who = getenv("FAULT_WHO"), *text;

    if (!what || !who || !is_process(who))
        return;
    at = (text = getenv("FAULT_AT")) ? atol(text) : 0;
    number = (text = getenv("FAULT_ERRNO")) ? atoi(text) : EIO;
    all_that_follow = getenv("FAULT_ON") != NULL;
    for (int k = 0; k < NONE; k++)
        if (strcmp(words[k], what) == 0)
            chosen = (enum kind)k;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAULT_COUNT");
    char text[32];
    int fd;

    if (chosen == NONE || !path)
        return;
    chosen = NONE;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0 && write(fd, text, (size_t)snprintf(text, sizeof text, "%ld\n", (long)seen)) > 0)
        close(fd);
}

/* One more call of KIND: does it fail? */
static int fails(enum kind kind)
{
    long n;

    if (kind != chosen)
        return 0;
    n = ++seen;
    if (at == 0 || n < at || (n > at && !all_that_follow))
        return 0;
    errno = number;
    return 1;
}

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ---- the calls ------------------------------------------------------------------------------- */

static int is_file(enum kind kind, int fd)
{
    struct stat about;

    return chosen == kind && fd > STDERR_FILENO && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    static ssize_t (*next)(int, const void *, size_t);

    if (!next)
        *(void **)&next = real("write");
    return is_file(DISK, fd) && fails(DISK) ? -1 : next(fd, bytes, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t where)
{
    static ssize_t (*next)(int, const void *, size_t, off64_t);

    if (!next)
        *(void **)&next = real("pwrite64");
    return is_file(DISK, fd) && fails(DISK) ? -1 : next(fd, bytes, n, where);
}

ssize_t read(int fd, void *bytes, size_t n)
{
    static ssize_t (*next)(int, void *, size_t);

    if (!next)
        *(void **)&next = real("read");
    return is_file(READ, fd) && fails(READ) ? -1 : next(fd, bytes, n);
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t where)
{
    static ssize_t (*next)(int, void *, size_t, off64_t);

    if (!next)
        *(void **)&next = real("pread64");
    return is_file(READ, fd) && fails(READ) ? -1 : next(fd, bytes, n, where);
}

int fflush(FILE *f)
{
    static int (*next)(FILE *);

    if (!next)
        *(void **)&next = real("fflush");
    return f && is_file(DISK, fileno(f)) && fails(DISK) ? EOF : next(f);
}

int fsync(int fd)
{
    static int (*next)(int);

    if (!next)
        *(void **)&next = real("fsync");
    return fails(SYNC) ? -1 : next(fd);
}

int fdatasync(int fd)
{
    static int (*next)(int);

    if (!next)
        *(void **)&next = real("fdatasync");
    return fails(SYNC) ? -1 : next(fd);
}

#define OPENS(name)                                                                                          \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        static int (*next)(const char *, int, ...);                                                          \
        va_list rest;                                                                                        \
        mode_t mode;                                                                                         \
                                                                                                             \
        va_start(rest, flags);                                                                               \
        mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                   \
        va_end(rest);                                                                                        \
        if (!next)                                                                                           \
            *(void **)&next = real(#name);                                                                   \
        return fails(OPEN) ? -1 : next(path, flags, mode);                                                   \
    }
OPENS(open64)
OPENS(open)
#undef OPENS

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t n)
{
    return fails(MEMORY) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails(MEMORY) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails(MEMORY) ? NULL : __libc_realloc(p, n);
}
