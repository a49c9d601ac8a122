/* registry_open.c - from the path of a plugin to its checked items.
 *
 * The file's head is read first, so that what is no shared object of this machine is
 * said in plain words; then dlopen, with the floating-point control words compared
 * and put back; then the exported symbol. Does not search (registry.c). Plugins are
 * never unloaded: items point into them.
 */
#include "host/registry_open.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define SYMBOL "fell_plugin_v"
enum { MAJOR = 1, LAST_MAJOR = 9 };

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

/* ---- the float environment ------------------------------------------------------ */

struct float_env {
    uint32_t mxcsr;
    uint16_t x87;
};

#if defined(__x86_64__)
enum { MXCSR_CONTROL = 0xffc0 }; /* the rest is sticky exception flags */
enum { MXCSR_FLUSHES = 0x8040 }; /* flush to zero, denormals are zero */

static struct float_env float_env_read(void)
{
    struct float_env e;

    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(e.mxcsr), "=m"(e.x87));
    return e;
}

static void float_env_write(struct float_env e)
{
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(e.mxcsr), "m"(e.x87));
}
#else
enum { MXCSR_CONTROL = 0, MXCSR_FLUSHES = 0 };

static struct float_env float_env_read(void)
{
    return (struct float_env){0, 0};
}

static void float_env_write(struct float_env e)
{
    (void)e;
}
#endif

static status check_float_env(const char *path, struct float_env before, struct error *err)
{
    struct float_env after = float_env_read();
    uint32_t changed = (before.mxcsr ^ after.mxcsr) & MXCSR_CONTROL;

    if (!changed && before.x87 == after.x87)
        return OK;
    float_env_write(before);
    if (changed & MXCSR_FLUSHES)
        return error_set(err,
                         "%s: loading it makes the whole program flush small numbers to zero; build it "
                         "without -ffast-math",
                         path);
    return error_set(err, "%s: loading it changes the rounding or precision of the whole program", path);
}

/* ---- loading --------------------------------------------------------------------- */

static status find_root(void *handle, const char *path, const fell_plugin **root, struct error *err)
{
    char symbol[32];

    for (int major = MAJOR; major <= LAST_MAJOR; major++) {
        snprintf(symbol, sizeof symbol, SYMBOL "%d", major);
        *root = dlsym(handle, symbol);
        if (!*root)
            continue;
        if (major == MAJOR)
            return OK;
        return error_set(err, "%s: made for version %d of the plugin contract; this program has version %d",
                         path, major, MAJOR);
    }
    return error_set(err, "%s: not a plugin: it does not export " SYMBOL "%d", path, MAJOR);
}

static status check_stride(const char *path, const char *what, uint32_t stride, size_t least,
                           struct error *err)
{
    if (stride >= least && stride <= 4096 && stride % _Alignof(double) == 0)
        return OK;
    return error_set(err, "%s: says that a %s has %u bytes; version 1.0 has %zu", path, what, stride, least);
}

static status check_root(const char *path, const fell_plugin *root, struct error *err)
{
    size_t least = offsetof(fell_plugin, items) + sizeof root->items;

    if (root->struct_size < least || root->struct_size > 4096)
        return error_set(err, "%s: says that fell_plugin has %u bytes; version 1.0 has %zu", path,
                         root->struct_size, least);
    if (root->needs_minor > FELL_MINOR)
        return error_set(err, "%s: needs version %d.%u of the plugin contract; this program has %d.%u", path,
                         MAJOR, root->needs_minor, MAJOR, FELL_MINOR);
    if (check_stride(path, "fell_param", root->sizeof_param, offsetof(fell_param, choices) + sizeof(char *),
                     err) != OK ||
        check_stride(path, "fell_tensor", root->sizeof_tensor, offsetof(fell_tensor, role) + sizeof(uint64_t),
                     err) != OK ||
        check_stride(path, "fell_slot", root->sizeof_slot, offsetof(fell_slot, scalar) + sizeof(uint64_t),
                     err) != OK)
        return FAILED;
    if (!root->items)
        return error_set(err, "%s: it has no items", path);
    return OK;
}

/* dlerror() begins with the path in most cases; say it once. */
static status dl_failed(const char *path, struct error *err)
{
    const char *why = dlerror();
    size_t n = strlen(path);

    if (!why)
        why = "cannot be loaded";
    if (strncmp(why, path, n) == 0 && strncmp(why + n, ": ", 2) == 0)
        why += n + 2;
    return error_set(err, "%s: %s", path, why);
}

status plugin_load(const char *path, bool bundled, struct opened **out, struct error *err)
{
    struct float_env before = float_env_read();
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    status unchanged = check_float_env(path, before, err);
    const fell_plugin *root;
    struct arena *arena;
    struct opened *o;

    if (!handle)
        return dl_failed(path, err);
    if (unchanged != OK || find_root(handle, path, &root, err) != OK || check_root(path, root, err) != OK)
        return FAILED;
    arena = arena_new();
    o = arena_alloc(arena, sizeof *o);
    o->arena = arena;
    o->file.path = arena_string(arena, path, strlen(path));
    o->file.version = root->version ? root->version : "";
    o->file.credit = root->credit ? root->credit : "";
    o->file.bundled = bundled;
    if (plugin_copy_items(root, o, err) != OK) {
        arena_free(arena);
        return error_prepend(err, "%s", path);
    }
    *out = o;
    return OK;
}

/* ---- once in a process ------------------------------------------------------------ */

/* What became of each file. It outlives every registry, as the opened objects do. */
static struct outcome {
    struct outcome *next;
    dev_t device;
    ino_t inode;
    struct opened *opened; /* or NULL, with the message */
    char *path, *message;
} * outcomes;

static status outcome_of(const struct outcome *o, struct opened **out, struct error *err)
{
    *out = o->opened;
    return o->opened ? OK : error_set(err, "%s", o->message);
}

status plugin_open(const char *path, bool bundled, struct opened **out, struct error *err)
{
    struct outcome *o;
    struct stat about;

    *out = NULL;
    if (check_file(path, &about, err) != OK)
        return FAILED;
    for (o = outcomes; o; o = o->next)
        if (o->device == about.st_dev && o->inode == about.st_ino && strcmp(o->path, path) == 0)
            return outcome_of(o, out, err);
    o = mem_alloc(sizeof *o);
    *o = (struct outcome){
        .next = outcomes, .device = about.st_dev, .inode = about.st_ino, .path = mem_string(path)};
    outcomes = o;
    if ((!bundled && plugin_probe(path, err) != OK) || plugin_load(path, bundled, &o->opened, err) != OK)
        o->message = mem_string(err->text);
    return outcome_of(o, out, err);
}

status plugin_file_hash(struct plugin_file *file, struct error *err)
{
    return file->sha256[0] ? OK : sha256_file(file->path, file->sha256, err);
}
