/* registry_open.c - a plugin file is opened once in a process, and safely.
 *
 * The file is read once and its head looked at, so that what is no shared object of this machine
 * is said in plain words; what did not come with the program is probed (registry_probe.c);
 * then what was read is loaded (registry_load.c). Does not search (registry.c).
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

static status not_elf(const struct plugin_bytes *b, struct error *err)
{
    const char *dot = strrchr(b->path, '.');
    const unsigned char *head = (const unsigned char *)b->text;
    const size_t n = b->n < sizeof(Elf64_Ehdr) ? b->n : sizeof(Elf64_Ehdr);
    size_t i = 0;

    if (n == 0)
        return error_set(err, "%s: the file is empty", b->path);
    while (i < n &&
           ((head[i] >= ' ' && head[i] < 127) || head[i] >= 128 || (head[i] >= '\t' && head[i] <= '\r')))
        i++;
    if (i == n && dot && strcmp(dot, ".c") == 0)
        return error_set(err, "%s: C source, not a plugin; build it first", b->path);
    return error_set(err, "%s: not a shared object%s", b->path, i == n ? " but text" : "");
}

/* Do the bytes that the loader will map exist? Reading behind the end of a mapped file
 * would be a SIGBUS. */
static status check_segments(const struct plugin_bytes *b, const Elf64_Ehdr *h, struct error *err)
{
    for (unsigned i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr p;
        const uint64_t at = h->e_phoff + i * sizeof p;

        if (h->e_phentsize != sizeof p || h->e_phoff > b->n || at + sizeof p > b->n)
            return error_set(err, "%s: the file is truncated", b->path);
        memcpy(&p, b->text + at, sizeof p);
        if (p.p_type == PT_LOAD && (p.p_offset > b->n || p.p_filesz > b->n - p.p_offset))
            return error_set(err, "%s: the file is truncated", b->path);
    }
    return OK;
}

/* The head of this program, for its processor; without a magic number where it cannot be read. */
static const Elf64_Ehdr *own_head(void)
{
    static Elf64_Ehdr own;
    int self;

    if (!own.e_ident[0] && (self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)) >= 0) {
        if (pread(self, &own, sizeof own, 0) != (ssize_t)sizeof own)
            own.e_ident[0] = 0;
        close(self);
    }
    return &own;
}

static status check_head(const struct plugin_bytes *b, struct error *err)
{
    const Elf64_Ehdr *own = own_head();
    const char *path = b->path;
    Elf64_Ehdr h;

    if (b->n < SELFMAG || memcmp(b->text, ELFMAG, SELFMAG) != 0)
        return not_elf(b, err);
    if (b->n > EI_CLASS && b->text[EI_CLASS] == ELFCLASS32) /* its whole head may be shorter than ours */
        return error_set(err, "%s: a 32-bit object; this program has 64 bits", path);
    if (b->n < sizeof h)
        return error_set(err, "%s: the file is truncated", path);
    memcpy(&h, b->text, sizeof h);
    if (h.e_ident[EI_CLASS] != ELFCLASS64)
        return error_set(err, "%s: an ELF file of no known class", path);
    if (own->e_ident[0] && (h.e_machine != own->e_machine || h.e_ident[EI_DATA] != own->e_ident[EI_DATA]))
        return error_set(err, "%s: built for another processor", path);
    if (h.e_type == ET_REL)
        return error_set(err, "%s: an object file that is not linked yet; link it with -shared", path);
    if (h.e_type != ET_DYN)
        return error_set(err, "%s: %s, not a shared object", path,
                         h.e_type == ET_EXEC ? "a program" : "an ELF file");
    return check_segments(b, &h, err);
}

status plugin_read(const char *path, struct plugin_bytes *out, struct error *err)
{
    *out = (struct plugin_bytes){.path = path};
    if (file_read(path, &out->text, &out->n, err) != OK)
        return access(path, R_OK) != 0 ? error_set(err, "%s: cannot be read: %s", path, strerror(errno))
                                       : error_prepend(err, "%s", path);
    if (check_head(out, err) == OK)
        return OK;
    free(out->text);
    out->text = NULL;
    return FAILED;
}

static status check_file(const char *path, struct stat *about, struct error *err)
{
    if (stat(path, about) != 0)
        return error_set(err, "%s: %s", path, errno == ENOENT ? "no such file" : strerror(errno));
    if (S_ISDIR(about->st_mode))
        return error_set(err, "%s: a folder, not a plugin", path);
    if (!S_ISREG(about->st_mode))
        return error_set(err, "%s: not a regular file", path);
    return OK;
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
    struct plugin_bytes bytes;
    struct outcome *o;
    struct stat about;

    *out = NULL;
    if (check_file(path, &about, err) != OK)
        return FAILED;
    for (o = outcomes; o; o = o->next)
        if (is_same_file(o, &about) && strcmp(o->path, path) == 0)
            return outcome_of(o, out, err);
    if (plugin_read(path, &bytes, err) != OK)
        return FAILED;
    o = mem_alloc(sizeof *o);
    *o = (struct outcome){.next = outcomes,
                          .device = about.st_dev,
                          .inode = about.st_ino,
                          .size = about.st_size,
                          .changed = about.st_ctim,
                          .path = mem_string(path)};
    outcomes = o;
    if ((!bundled && plugin_probe(path, err) != OK) || plugin_load(&bytes, bundled, &o->opened, err) != OK)
        o->message = mem_string(err->text);
    free(bytes.text);
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
