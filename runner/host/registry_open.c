/* registry_open.c - a plugin file is opened once in a process, and safely.
 *
 * The file's head is read first, so that what is no shared object of this machine is
 * said in plain words; what did not come with the program is probed (registry_probe.c);
 * then it is loaded (registry_load.c). Does not search (registry.c).
 */
#include "host/registry_open.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* ---- the head of the file ------------------------------------------------------ */

static status not_elf(const char *path, const unsigned char *head, size_t n, struct error *err)
{
    const char *dot = strrchr(path, '.');
    size_t i = 0;

    if (n == 0)
        return error_set(err, "%s: the file is empty", path);
    while (i < n &&
           ((head[i] >= ' ' && head[i] < 127) || head[i] >= 128 || (head[i] >= '\t' && head[i] <= '\r')))
        i++;
    if (i == n && dot && strcmp(dot, ".c") == 0)
        return error_set(err, "%s: C source, not a plugin; build it first", path);
    return error_set(err, "%s: not a shared object%s", path, i == n ? " but text" : "");
}

/* Do the bytes that the loader will map exist? Reading behind the end of a mapped file
 * would be a SIGBUS. */
static status check_segments(int fd, const char *path, const Elf64_Ehdr *h, uint64_t size, struct error *err)
{
    for (unsigned i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr p;

        if (h->e_phoff > size || h->e_phentsize != sizeof p ||
            pread(fd, &p, sizeof p, (off_t)(h->e_phoff + i * sizeof p)) != (ssize_t)sizeof p ||
            (p.p_type == PT_LOAD && (p.p_offset > size || p.p_filesz > size - p.p_offset)))
            return error_set(err, "%s: the file is truncated", path);
    }
    return OK;
}

static status check_head(int fd, const char *path, uint64_t size, struct error *err)
{
    unsigned char head[sizeof(Elf64_Ehdr)];
    Elf64_Ehdr own, h;
    ssize_t n = pread(fd, head, sizeof head, 0);
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool known = self >= 0 && pread(self, &own, sizeof own, 0) == (ssize_t)sizeof own;

    if (self >= 0)
        close(self);
    if (n < 0)
        return error_set(err, "%s: %s", path, strerror(errno));
    if (n < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0)
        return not_elf(path, head, (size_t)n, err);
    if (n > EI_CLASS && head[EI_CLASS] == ELFCLASS32) /* its whole head may be shorter than ours */
        return error_set(err, "%s: a 32-bit object; this program has 64 bits", path);
    if ((size_t)n < sizeof head)
        return error_set(err, "%s: the file is truncated", path);
    if (head[EI_CLASS] != ELFCLASS64)
        return error_set(err, "%s: an ELF file of no known class", path);
    memcpy(&h, head, sizeof h);
    if (known && (h.e_machine != own.e_machine || head[EI_DATA] != own.e_ident[EI_DATA]))
        return error_set(err, "%s: built for another processor", path);
    if (h.e_type == ET_REL)
        return error_set(err, "%s: an object file that is not linked yet; link it with -shared", path);
    if (h.e_type != ET_DYN)
        return error_set(err, "%s: %s, not a shared object", path,
                         h.e_type == ET_EXEC ? "a program" : "an ELF file");
    return check_segments(fd, path, &h, size, err);
}

static status check_file(const char *path, struct stat *about, struct error *err)
{
    status result;
    int fd;

    if (stat(path, about) != 0)
        return error_set(err, "%s: %s", path, errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISDIR(about->st_mode))
        return error_set(err, "%s: a folder, not a plugin", path);
    if (!S_ISREG(about->st_mode))
        return error_set(err, "%s: not a regular file", path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, "%s: cannot be read: %s", path, strerror(errno));
    result = check_head(fd, path, (uint64_t)about->st_size, err);
    close(fd);
    return result;
}

/* ---- once in a process ------------------------------------------------------------ */

/* What became of each file. It outlives every registry, as the opened objects do. */
static struct outcome {
    struct outcome *next;
    dev_t device;
    ino_t inode; /* another file may get it, since what is mapped is a copy: hence the rest */
    off_t size;
    struct timespec changed;
    struct opened *opened; /* or NULL, with the message */
    char *path, *message;
} * outcomes;

static status outcome_of(const struct outcome *o, struct opened **out, struct error *err)
{
    *out = o->opened;
    return o->opened ? OK : error_set(err, "%s", o->message);
}

static bool is_same_file(const struct outcome *o, const struct stat *s)
{
    return o->device == s->st_dev && o->inode == s->st_ino && o->size == s->st_size &&
           o->changed.tv_sec == s->st_ctim.tv_sec && o->changed.tv_nsec == s->st_ctim.tv_nsec;
}

status plugin_open(const char *path, bool bundled, struct opened **out, struct error *err)
{
    struct outcome *o;
    struct stat about;

    *out = NULL;
    if (check_file(path, &about, err) != OK)
        return FAILED;
    for (o = outcomes; o; o = o->next)
        if (is_same_file(o, &about) && strcmp(o->path, path) == 0)
            return outcome_of(o, out, err);
    o = mem_alloc(sizeof *o);
    *o = (struct outcome){.next = outcomes,
                          .device = about.st_dev,
                          .inode = about.st_ino,
                          .size = about.st_size,
                          .changed = about.st_ctim,
                          .path = mem_string(path)};
    outcomes = o;
    if ((!bundled && plugin_probe(path, err) != OK) || plugin_load(path, bundled, &o->opened, err) != OK)
        o->message = mem_string(err->text);
    return outcome_of(o, out, err);
}

status plugin_file_hash(struct plugin_file *file, struct error *err)
{
    status result;

    if (file->sha256[0])
        return OK;
    if (!file->copy)
        return sha256_file(file->path, file->sha256, err);
    lseek(file->copy, 0, SEEK_SET);
    result = sha256_open_file(file->copy, file->path, file->sha256, err);
    if (result == OK) {
        close(file->copy);
        file->copy = 0;
    }
    return result;
}
