/* hooks.c - see hooks.h. Lives in a process that ends soon: nothing is put back. */
#include "check/hooks.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { JUMP_SLOT = R_X86_64_JUMP_SLOT, GLOBAL_DATA = R_X86_64_GLOB_DAT };
#elif defined(__aarch64__)
enum { JUMP_SLOT = R_AARCH64_JUMP_SLOT, GLOBAL_DATA = R_AARCH64_GLOB_DAT };
#else
enum { JUMP_SLOT = -1, GLOBAL_DATA = -1 };
#endif

static bool counting;
static const char *called;

/* The last blocks that were given, the newest at NEXT - 1. */
enum { BLOCKS = 4096 };
static struct {
    const char *at;
    size_t size;
    bool gone;
} block[BLOCKS];
static size_t next;

enum { PADDING = 16384 };
static uint32_t fill[2]; /* inside and behind; 0: neither is filled */

static size_t padded(size_t size)
{
    return fill[0] && size < SIZE_MAX / 2 ? size + PADDING : size;
}

/* Bytes FROM to SIZE of a new block, and what is behind it. */
static void *filled(void *p, size_t from, size_t size)
{
    unsigned char *at = p;
    size_t i = from;

    if (!p || !fill[0])
        return p;
    for (; i < size && i % sizeof *fill; i++)
        at[i] = ((const unsigned char *)fill)[i % sizeof *fill];
    for (; i + sizeof *fill <= size; i += sizeof *fill)
        memcpy(at + i, fill, sizeof *fill);
    for (; i < size + PADDING; i++)
        at[i] = ((const unsigned char *)&fill[i >= size])[i % sizeof *fill];
    return p;
}

static void note(const char *name)
{
    if (counting)
        called = name;
}

static void *given(void *p, size_t size)
{
    if ((counting || fill[0]) && p) {
        block[next % BLOCKS].at = p;
        block[next % BLOCKS].size = size;
        block[next++ % BLOCKS].gone = false;
    }
    return p;
}

/* The block that begins at P, or has P inside; SIZE_MAX: not known. */
static size_t find_block(const char *p, bool inside)
{
    for (size_t i = next; i > 0 && i + BLOCKS > next; i--) {
        const size_t k = (i - 1) % BLOCKS;

        if (block[k].at == p || (inside && p >= block[k].at && p < block[k].at + block[k].size))
            return k;
    }
    return SIZE_MAX;
}

static void hook_free(void *p)
{
    const size_t k = counting && p ? find_block(p, false) : SIZE_MAX;

    if (k != SIZE_MAX)
        block[k].gone = true;
    free(p);
}

static void *hook_malloc(size_t size)
{
    note("malloc");
    return given(filled(malloc(padded(size)), 0, size), size);
}

static void *hook_calloc(size_t count, size_t size)
{
    note("calloc");
    if (fill[0] && count && size < SIZE_MAX / 4 / count)
        return given(filled(calloc(1, padded(count * size)), count * size, count * size), count * size);
    return given(calloc(count, size), count * size);
}

static void *hook_realloc(void *p, size_t size)
{
    const size_t k = (counting || fill[0]) && p ? find_block(p, false) : SIZE_MAX;

    note("realloc");
    if (k != SIZE_MAX)
        block[k].gone = true;
    return given(filled(realloc(p, padded(size)),
                        !p                                      ? 0
                        : k == SIZE_MAX || block[k].size > size ? size
                                                                : block[k].size,
                        size),
                 size);
}

static void *hook_aligned_alloc(size_t alignment, size_t size)
{
    note("aligned_alloc");
    return given(
        filled(aligned_alloc(alignment,
                             fill[0] ? size + (PADDING + alignment - 1) / alignment * alignment : size),
               0, size),
        size);
}

static int hook_posix_memalign(void **p, size_t alignment, size_t size)
{
    const int result = posix_memalign(p, alignment, padded(size));

    note("posix_memalign");
    if (result == 0)
        given(filled(*p, 0, size), size);
    return result;
}

static char *hook_strdup(const char *text)
{
    note("strdup");
    return given(strdup(text), strlen(text) + 1);
}

static void *hook_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    note("mmap");
    return mmap(at, size, protection, flags, fd, offset);
}

static const struct hook {
    const char *name;
    void (*function)(void);
} hooks[] = {
    {"free", (void (*)(void))hook_free},
    {"malloc", (void (*)(void))hook_malloc},
    {"calloc", (void (*)(void))hook_calloc},
    {"realloc", (void (*)(void))hook_realloc},
    {"aligned_alloc", (void (*)(void))hook_aligned_alloc},
    {"posix_memalign", (void (*)(void))hook_posix_memalign},
    {"strdup", (void (*)(void))hook_strdup},
    {"mmap", (void (*)(void))hook_mmap},
};

/* The dynamic section of a loaded object, what of it is wanted here. */
struct dynamic {
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Rela) * tables[2];
    size_t bytes[2];
};

static void read_dynamic(const struct link_map *map, struct dynamic *d)
{
    *d = (struct dynamic){NULL, NULL, {NULL, NULL}, {0, 0}};
    for (const ElfW(Dyn) *e = map->l_ld; e->d_tag != DT_NULL; e++) {
        const void *at = (const void *)e->d_un.d_ptr; /* glibc has made it an address */

        if (e->d_tag == DT_SYMTAB)
            d->symbols = at;
        else if (e->d_tag == DT_STRTAB)
            d->names = at;
        else if (e->d_tag == DT_JMPREL)
            d->tables[0] = at;
        else if (e->d_tag == DT_PLTRELSZ)
            d->bytes[0] = e->d_un.d_val;
        else if (e->d_tag == DT_RELA)
            d->tables[1] = at;
        else if (e->d_tag == DT_RELASZ)
            d->bytes[1] = e->d_un.d_val;
    }
}

static bool replace(const struct link_map *map, const ElfW(Rela) * r, void (*function)(void))
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = map->l_addr + r->r_offset;

    if (mprotect((void *)(at & ~(page - 1)), page, PROT_READ | PROT_WRITE) != 0)
        return false;
    memcpy((void *)at, &function, sizeof function);
    return true;
}

static bool replace_all(const struct link_map *map, const struct dynamic *d)
{
    for (int t = 0; t < 2; t++)
        for (size_t i = 0; d->tables[t] && i < d->bytes[t] / sizeof(ElfW(Rela)); i++) {
            const ElfW(Rela) *r = &d->tables[t][i];
            const int type = (int)ELF64_R_TYPE(r->r_info);
            const char *name = d->names + d->symbols[ELF64_R_SYM(r->r_info)].st_name;

            for (size_t k = 0; k < sizeof hooks / sizeof *hooks && (type == JUMP_SLOT || type == GLOBAL_DATA);
                 k++)
                if (strcmp(name, hooks[k].name) == 0 && !replace(map, r, hooks[k].function))
                    return false;
        }
    return true;
}

bool hooks_set(void *handle)
{
    struct link_map *map;
    struct dynamic d;

    if (JUMP_SLOT < 0 || !handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
        return false;
    read_dynamic(map, &d);
    return d.symbols && d.names && replace_all(map, &d);
}

void hooks_begin(void)
{
    called = NULL;
    next = 0;
    counting = true;
}

bool hooks_end(char name[64])
{
    counting = false;
    if (called)
        snprintf(name, 64, "%s()", called);
    return called != NULL;
}

size_t hooks_room(const void *p)
{
    const size_t k = find_block(p, true);

    if (k == SIZE_MAX)
        return SIZE_MAX;
    return block[k].gone ? 0 : (size_t)(block[k].at + block[k].size - (const char *)p);
}

void hooks_fill(uint32_t inside, uint32_t outside)
{
    fill[0] = inside;
    fill[1] = outside;
    next = inside ? next : 0;
}
