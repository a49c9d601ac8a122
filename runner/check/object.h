/* object.h - the ELF tables of a shared object, read from its file: sections and symbols. Of 64-bit
 * files of this machine only. Nothing is loaded.
 */
#ifndef CHECK_OBJECT_H
#define CHECK_OBJECT_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>

#include "base/error.h"

struct object {
    char *bytes;
    size_t size;
    const ElfW(Ehdr) * head;
    const ElfW(Shdr) * sections;
    size_t nsections;
};

/* A table of symbols with its names. */
struct symbols {
    const ElfW(Sym) * v;
    size_t n;
    const char *names;
    size_t size;
};

/* object_release() frees what was read; after an error there is nothing to free. */
status object_read(const char *path, struct object *o, struct error *err);
void object_release(struct object *o);

/* SIZE bytes at OFFSET of the file, NULL where it ends before. */
const void *object_at(const struct object *o, uint64_t offset, uint64_t size);

/* The first section of a type, or NULL. */
const ElfW(Shdr) * object_section(const struct object *o, uint32_t type);

/* The symbols of the section of a type, SHT_DYNSYM or SHT_SYMTAB; false where there are none. */
bool object_symbols(const struct object *o, uint32_t type, struct symbols *s);
const char *symbol_name(const struct symbols *s, size_t i);

/* What sanitizers and profilers put into every object. */
bool symbol_is_instrument(const char *name);

#endif
