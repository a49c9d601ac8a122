/* file.c - whole files, paths as text, SHA-256. The second half of text.h, where the
 * functions are described; words and numbers are in text.c. Nothing here resolves
 * symbolic links or follows what a file says.
 */
#include "base/text.h"

/* The plain functions: EVP sets up all of libcrypto and reads its configuration first, which
 * takes a millisecond, a tenth of what `fell run` of a tiny spec may take. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/new_file.h"

/* ---- files ------------------------------------------------------------------ */

long file_most_open(void)
{
    const long most = sysconf(_SC_OPEN_MAX), last = 1 << 16;

    return most > 0 && most < last ? most : last;
}

void file_close_from(int first)
{
#ifdef HAVE_CLOSEFROM
    closefrom(first);
#else
    for (long fd = first, most = file_most_open(); fd < most; fd++)
        close((int)fd);
#endif
}

const char *path_kind_word(unsigned mode)
{
    return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

/* Numbers of linux/magic.h: proc, sysfs, debugfs, tracefs, securityfs, cgroup, cgroup2, bpf, configfs. */
bool path_is_of_kernel(const struct statfs *system)
{
    static const unsigned long types[] = {0x9fa0,   0x62656572, 0x64626720, 0x74726163, 0x73636673,
                                          0x27e0eb, 0x63677270, 0xcafe4a11, 0x62656570};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (((unsigned long)system->f_type & 0xffffffffUL) == types[i])
            return true;
    return false;
}

void file_facts(const struct stat *about, char facts[FILE_FACTS])
{
    /* The time of its last change is one that no program can set. */
    snprintf(facts, FILE_FACTS, "%lld,%lld,%ld,%lld,%ld,%lld,%lld", (long long)about->st_size,
             (long long)about->st_mtim.tv_sec, about->st_mtim.tv_nsec, (long long)about->st_ctim.tv_sec,
             about->st_ctim.tv_nsec, (long long)about->st_dev, (long long)about->st_ino);
}

bool file_is_settled(int64_t changed, int64_t now)
{
    enum { COARSE = 2 }; /* seconds: the times of some file systems are */

    return changed < now - COARSE;
}

static bool others_opened;

void file_opened_by_others(void)
{
    others_opened = true;
}

/* Whether PATH, which is no regular file, is open in this process: whoever gave it meant it. */
static bool is_open_here(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

    if (others_opened)
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return strcmp(path, "/dev/stdin") == 0;
}

int file_open(const char *path, struct stat *about, struct error *err)
{
    struct statfs system;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        error_set(err, "cannot read '%s': %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, about) != 0)
        error_set(err, "cannot read '%s': %s", path, strerror(errno));
    else if (fstatfs(fd, &system) == 0 && path_is_of_kernel(&system))
        error_set(err, "cannot read '%s': it is a file of the kernel's, which need not come to an end", path);
    else if (!S_ISREG(about->st_mode) && (S_ISDIR(about->st_mode) || !is_open_here(path)))
        error_set(err, "cannot read '%s': it is %s", path, path_kind_word(about->st_mode));
    else if (!S_ISREG(about->st_mode) && fcntl(fd, F_SETFL, 0) != 0) /* its reads wait */
        error_set(err, "cannot read '%s': %s", path, strerror(errno));
    else
        return fd;
    close(fd);
    return -1;
}

/* read() that a signal does not end. */
static ssize_t read_some(int fd, void *to, size_t room)
{
    ssize_t n;

    do
        n = read(fd, to, room);
    while (n < 0 && errno == EINTR);
    return n;
}

status file_read(const char *path, char **out, size_t *len, struct error *err)
{
    struct stat about;
    size_t room, used = 0;
    char *bytes = NULL;
    status result = FAILED;
    int fd = file_open(path, &about, err);

    if (fd < 0)
        return FAILED;
    /* The size is a hint only: pipes have none, and a file may grow meanwhile. */
    room = about.st_size > 0 ? (size_t)about.st_size + 2 : 4096;
    for (;;) {
        char *more = realloc(bytes, room);
        ssize_t n;

        if (!more) {
            error_set(err, "cannot read '%s': %zu bytes are more than memory has", path, room);
            goto out;
        }
        bytes = more;
        n = read_some(fd, bytes + used, room - used - 1);
        if (n < 0) {
            error_set(err, "cannot read '%s': %s", path, strerror(errno));
            goto out;
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (room - used < 2)
            room *= 2;
    }
    bytes[used] = 0;
    *out = bytes;
    *len = used;
    bytes = NULL;
    result = OK;
out:
    free(bytes);
    close(fd);
    return result;
}

status file_write(const char *path, const char *bytes, size_t len, struct error *err)
{
    struct new_file f;
    bool good;

    if (new_file_begin(&f, path, err) != OK)
        return FAILED;
    good = fwrite(bytes, 1, len, f.to) == len;
    if (good)
        return new_file_end(&f, NEW_FILE_REPLACE, err);
    error_set(err, "cannot write '%s': %s", path, strerror(errno));
    new_file_end(&f, NEW_FILE_DROP, NULL);
    return FAILED;
}

/* ---- paths ------------------------------------------------------------------ */

/* ---- SHA-256 ---------------------------------------------------------------- */

static void write_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

void sha256_text(const void *bytes, size_t n, char out[65])
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    SHA256_CTX hash;

    SHA256_Init(&hash);
    SHA256_Update(&hash, bytes, n);
    SHA256_Final(sum, &hash);
    write_hex(sum, sizeof sum, out);
}

struct sha256 {
    SHA256_CTX state;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *hash = mem_alloc(sizeof *hash);

    SHA256_Init(&hash->state);
    return hash;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t n)
{
    SHA256_Update(&hash->state, bytes, n);
}

void sha256_end(struct sha256 *hash, char out[65])
{
    unsigned char sum[SHA256_DIGEST_LENGTH];

    SHA256_Final(sum, &hash->state);
    write_hex(sum, sizeof sum, out);
    free(hash);
}

status sha256_open_file(int fd, const char *name, char out[65], struct error *err)
{
    static const size_t room = 1 << 16;
    unsigned char sum[SHA256_DIGEST_LENGTH], *block = mem_alloc(room);
    SHA256_CTX hash;
    status result = FAILED;
    ssize_t n;

    SHA256_Init(&hash);
    while ((n = read_some(fd, block, room)) > 0)
        SHA256_Update(&hash, block, (size_t)n);
    if (n < 0) {
        error_set(err, "cannot read '%s': %s", name, strerror(errno));
    } else {
        SHA256_Final(sum, &hash);
        write_hex(sum, sizeof sum, out);
        result = OK;
    }
    free(block);
    return result;
}

status sha256_file(const char *path, char out[65], struct error *err)
{
    struct stat about;
    const int fd = file_open(path, &about, err);
    const status result = fd < 0 ? FAILED : sha256_open_file(fd, path, out, err);

    if (fd >= 0)
        close(fd);
    return result;
}
