/* registry_load.c - from the bytes of a shared object to its checked items.
 *
 * dlopen of a private copy, with the floating-point control words compared and put back; then the exported
 * symbol; then its tables (registry_items.c). Plugins are never unloaded: items point into
 * them.
 */
#include "host/registry_open.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

#define SYMBOL "fell_plugin_v"
enum { MAJOR = 1, LAST_MAJOR = 9 };

/* ---- the float environment ------------------------------------------------------ */

/* VECTORS: MXCSR of an x86, the FPCR of an ARM; x87: only an x86 has that. */
struct float_env {
    uint64_t vectors;
    uint16_t x87;
};

#if defined(__x86_64__)
static const uint64_t control_bits = 0xffc0; /* the rest is sticky exception flags */
static const uint64_t flush_bits = 0x8040;   /* flush to zero, denormals are zero */

static struct float_env float_env_read(void)
{
    uint32_t mxcsr;
    struct float_env e;

    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(e.x87));
    e.vectors = mxcsr;
    return e;
}

static void float_env_write(struct float_env e)
{
    const uint32_t mxcsr = (uint32_t)e.vectors;

    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(e.x87));
}
#elif defined(__aarch64__)
static const uint64_t control_bits =
    0x07ff9f00;                                /* AHP, DN, FZ, RMode, strides, traps; the rest is reserved */
static const uint64_t flush_bits = 0x01080000; /* FZ, FZ16 */

static struct float_env float_env_read(void)
{
    struct float_env e = {0, 0};

    __asm__ volatile("mrs %0, fpcr" : "=r"(e.vectors));
    return e;
}

static void float_env_write(struct float_env e)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(e.vectors));
}
#else
static const uint64_t control_bits = 0, flush_bits = 0;

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
    uint64_t changed = (before.vectors ^ after.vectors) & control_bits;

    if (!changed && before.x87 == after.x87)
        return OK;
    float_env_write(before);
    if (changed & flush_bits)
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

/* dlerror() begins with the NAME that was loaded in most cases; PATH is said once. */
static status dl_failed(const char *path, const char *name, struct error *err)
{
    const char *why = dlerror();
    size_t n = strlen(name);

    if (!why)
        why = "cannot be loaded";
    if (strncmp(why, name, n) == 0 && strncmp(why + n, ": ", 2) == 0)
        why += n + 2;
    /* The linker says what it could not do, and seldom that it had no memory for it. */
    if (strncmp(why, "cannot create", 13) == 0 ||
        (strncmp(why, "cannot open", 11) == 0 && access(path, R_OK) == 0)) {
        mem_note_shortage();
        return error_set(err, "%s: %s; memory may be out", path, why);
    }
    return error_set(err, "%s: %s", path, why);
}

/* Some object finds its own libraries by its place, which a copy does not have. */
static bool needs_its_place(const char *bytes, size_t n)
{
    const char *end = bytes + n;

    for (const char *at = bytes; (at = memchr(at, '$', (size_t)(end - at))); at++)
        if ((end - at >= 7 && memcmp(at, "$ORIGIN", 7) == 0) ||
            (end - at >= 9 && memcmp(at, "${ORIGIN}", 9) == 0))
            return true;
    return false;
}

/* A file in memory with BYTES; -1: none can be had. */
static int private_copy(const char *path, const char *bytes, size_t n)
{
    const int fd = memfd_create(path_base(path), MFD_CLOEXEC);
    size_t done = 0;
    ssize_t one = 1;

    while (fd >= 0 && done < n && (one = write(fd, bytes + done, n - done)) > 0)
        done += (size_t)one;
    if (fd >= 0 && done < n) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A path of the open file FD that was not used before: the loader takes a name that it knows for the object
 * that it has. So the digits of a counter stand in it, `/.` for one and `/` for zero. */
static void name_of(int fd, char name[64])
{
    static unsigned counter;
    size_t n = (size_t)snprintf(name, 64, "/proc/self/fd");

    for (unsigned bits = ++counter; bits; bits >>= 1)
        n += (size_t)snprintf(name + n, 64 - n, bits & 1 ? "/." : "/");
    snprintf(name + n, 64 - n, "/%d", fd);
}

/* Whoever writes into a file that is mapped changes the program that runs: so what is mapped is a copy, and
 * the hash is that of its bytes; the COPY is left open for it. Where there can be none (0), SHA256 is filled,
 * and the file must still hold those bytes afterwards. */
static void *load_copy(const struct plugin_bytes *b, int *copy, char sha256[65], struct error *err)
{
    const char *path = b->path;
    const int fd = needs_its_place(b->text, b->n) ? -1 : private_copy(path, b->text, b->n);
    char name[64], after[65];
    void *handle = NULL;

    *copy = 0;
    sha256[0] = 0;
    name_of(fd, name);
    if (fd >= 0 && access(name, R_OK) == 0) {
        if ((handle = dlopen(name, RTLD_NOW | RTLD_LOCAL))) {
            *copy = fd;
            return handle;
        }
        dl_failed(path, name, err);
        close(fd);
        return NULL;
    }
    sha256_text(b->text, b->n, sha256);
    if (!(handle = dlopen(path, RTLD_NOW | RTLD_LOCAL))) {
        dl_failed(path, path, err);
    } else if (sha256_file(path, after, err) != OK || strcmp(sha256, after) != 0) {
        error_set(err, "%s: it was changed while it was loaded", path);
        handle = NULL;
    }
    if (fd >= 0)
        close(fd);
    return handle;
}

status plugin_load(const struct plugin_bytes *b, bool bundled, struct opened **out, struct error *err)
{
    struct float_env before = float_env_read();
    const char *path = b->path;
    char sha256[65];
    int copy = 0;
    void *handle = load_copy(b, &copy, sha256, err);
    struct error changed;
    status unchanged = check_float_env(path, before, &changed);
    const fell_plugin *root;
    struct arena *arena;
    struct opened *o;

    if (!handle)
        return FAILED;
    if (unchanged != OK)
        *err = changed;
    if (unchanged != OK || find_root(handle, path, &root, err) != OK || check_root(path, root, err) != OK) {
        if (copy)
            close(copy);
        return FAILED;
    }
    arena = arena_new();
    o = arena_alloc(arena, sizeof *o);
    o->arena = arena;
    o->file.path = arena_string(arena, path, strlen(path));
    o->file.version = root->version ? root->version : "";
    o->file.credit = root->credit ? root->credit : "";
    o->file.bundled = bundled;
    o->file.handle = handle;
    o->file.copy = copy;
    memcpy(o->file.sha256, sha256, sizeof sha256);
    if (plugin_copy_items(root, o, err) != OK) {
        if (copy)
            close(copy);
        arena_free(arena);
        return error_prepend(err, "%s", path);
    }
    *out = o;
    return OK;
}
