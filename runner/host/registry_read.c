/* registry_read.c - the bytes of a plugin file, if its head says that it is a shared object of this machine.
 *
 * What it is instead is said in plain words. Does not load it (registry_load.c).
 */
#include "host/registry_open.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
