/* object.c - see object.h. */
#include "check/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const void *object_at(const struct object *o, uint64_t offset, uint64_t size)
{
    return offset <= o->size && size <= o->size - offset ? o->bytes + offset : NULL;
}

status object_read(const char *path, struct object *o, struct error *err)
{
    *o = (struct object){0};
    if (file_read(path, &o->bytes, &o->size, err) != OK)
        return FAILED;
    o->head = object_at(o, 0, sizeof *o->head);
    if (o->head && o->head->e_shentsize == sizeof *o->sections)
        o->sections = object_at(o, o->head->e_shoff, (uint64_t)o->head->e_shnum * sizeof *o->sections);
    if (o->sections && o->head->e_shnum) {
        o->nsections = o->head->e_shnum;
        return OK;
    }
    object_release(o);
    return error_set(err, "the file has no section headers; do not remove them");
}

void object_release(struct object *o)
{
    free(o->bytes);
    o->bytes = NULL;
}

const ElfW(Shdr) * object_section(const struct object *o, uint32_t type)
{
    for (size_t i = 0; i < o->nsections; i++)
        if (o->sections[i].sh_type == type)
            return &o->sections[i];
    return NULL;
}

bool object_symbols(const struct object *o, uint32_t type, struct symbols *s)
{
    const ElfW(Shdr) *table = object_section(o, type), *names;

    if (!table || table->sh_link >= o->nsections)
        return false;
    names = &o->sections[table->sh_link];
    s->v = object_at(o, table->sh_offset, table->sh_size);
    s->n = table->sh_size / sizeof *s->v;
    s->names = object_at(o, names->sh_offset, names->sh_size);
    s->size = names->sh_size;
    return s->v && s->names && s->size && !s->names[s->size - 1];
}

const char *symbol_name(const struct symbols *s, size_t i)
{
    return s->v[i].st_name < s->size ? s->names + s->v[i].st_name : "";
}

bool symbol_is_instrument(const char *name)
{
    static const char *const begins[] = {"__asan",      "__odr_asan",  "__ubsan",     "__tsan", "__lsan",
                                         "__sanitizer", "__msan",      "__gcov",      "__llvm", ".LASAN",
                                         "__sancov",    "__stop_asan", "__start_asan"};

    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}
