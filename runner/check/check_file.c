/* check_file.c - what a shared object shows before any of its functions runs: the ELF tables
 * of the file (see object.h), and the process around dlopen(). See check.h.
 */
#include <dlfcn.h>
#include <elf.h>
#include <fenv.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check/check.h"
#include "check/object.h"
#include "host/registry.h"

/* ---- the checks ----------------------------------------------------------------------------------- */

/* A file without the tables that this needs is a finding. */
static bool object_found(const char *path, struct object *o, struct finding *f)
{
    struct error err;

    if (object_read(path, o, &err) == OK)
        return true;
    finding_fail(f, "%s", err.text);
    return false;
}

/* The control words of the processor, denormal handling included. */
static bool same_control(const fenv_t *a, const fenv_t *b)
{
#if defined(__x86_64__)
    return (a->__mxcsr & 0xffc0) == (b->__mxcsr & 0xffc0) && a->__control_word == b->__control_word;
#elif defined(__aarch64__)
    return a->__fpcr == b->__fpcr;
#else
    return memcmp(a, b, sizeof *a) == 0;
#endif
}

/* What the registry finds in its tables is said by the check of its loading. */
void check_object(struct checked *c, struct finding *f)
{
    struct error err;

    if (registry_try_file(c->path, &err) != OK && !dlopen(c->path, RTLD_NOW | RTLD_LOCAL))
        finding_fail(f, "%s", err.text);
}

void check_float_environment(struct checked *c, struct finding *f)
{
    fenv_t before, after;

    fegetenv(&before);
    dlopen(c->path, RTLD_NOW | RTLD_LOCAL);
    fegetenv(&after);
    if (!same_control(&before, &after))
        finding_fail(f, "loading it changes how the whole program computes; build it without -ffast-math and "
                        "-Ofast");
}

void check_exports(struct checked *c, struct finding *f)
{
    struct object o;
    struct symbols s;

    if (!object_found(c->path, &o, f))
        return;
    if (!object_symbols(&o, SHT_DYNSYM, &s))
        finding_fail(f, "it has no table of dynamic symbols");
    else
        for (size_t i = 1; i < s.n; i++) {
            const int bind = ELF64_ST_BIND(s.v[i].st_info), seen = ELF64_ST_VISIBILITY(s.v[i].st_other);
            const char *name = symbol_name(&s, i);

            if (s.v[i].st_shndx == SHN_UNDEF || (bind != STB_GLOBAL && bind != STB_WEAK) ||
                seen == STV_HIDDEN || strcmp(name, "fell_plugin_v1") == 0 || symbol_is_instrument(name))
                continue;
            finding_fail(f, "it exports '%s'; make it static, or build with -fvisibility=hidden", name);
        }
    object_release(&o);
}

/* Is NAME in one of the libraries that the object names, or in theirs? */
static bool is_linked(const struct object *o, const ElfW(Shdr) * dynamic, const char *name)
{
    const ElfW(Dyn) *d = object_at(o, dynamic->sh_offset, dynamic->sh_size);
    const ElfW(Shdr) *names = dynamic->sh_link < o->nsections ? &o->sections[dynamic->sh_link] : NULL;

    for (size_t i = 0; d && names && i < dynamic->sh_size / sizeof *d; i++) {
        const char *library = d[i].d_tag == DT_NEEDED && d[i].d_un.d_val < names->sh_size
                                  ? object_at(o, names->sh_offset + d[i].d_un.d_val, 1)
                                  : NULL;
        void *handle = library ? dlopen(library, RTLD_LAZY | RTLD_LOCAL) : NULL;

        if (handle && dlsym(handle, name))
            return true;
    }
    return false;
}

void check_links(struct checked *c, struct finding *f)
{
    struct object o;
    struct symbols s;
    const ElfW(Shdr) * dynamic;

    if (!object_found(c->path, &o, f))
        return;
    dynamic = object_section(&o, SHT_DYNAMIC);
    if (!dynamic || !object_symbols(&o, SHT_DYNSYM, &s))
        finding_fail(f, "it is not dynamically linked");
    else
        for (size_t i = 1; i < s.n; i++) {
            const char *name = symbol_name(&s, i);

            if (s.v[i].st_shndx == SHN_UNDEF && ELF64_ST_BIND(s.v[i].st_info) == STB_GLOBAL &&
                strcmp(name, "__tls_get_addr") != 0 && /* the loader's; check_globals() tells */
                !symbol_is_instrument(name) && !is_linked(&o, dynamic, name))
                finding_fail(f, "it calls '%s', which none of the libraries that it links has", name);
        }
    object_release(&o);
}

/* What the compiler's own start-up code has. */
static bool is_startup(const char *name)
{
    static const char *const names[] = {"__dso_handle", "__TMC_END__", "_DYNAMIC", "_GLOBAL_OFFSET_TABLE_"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "completed.", 10) == 0;
}

/* In a segment that the loader makes read-only once it has filled it in. */
static bool is_sealed(const struct object *o, uint64_t address)
{
    const ElfW(Phdr) *p = object_at(o, o->head->e_phoff, (uint64_t)o->head->e_phnum * sizeof *p);

    for (size_t i = 0; p && i < o->head->e_phnum; i++)
        if (p[i].p_type == PT_GNU_RELRO && address >= p[i].p_vaddr && address - p[i].p_vaddr < p[i].p_memsz)
            return true;
    return false;
}

static bool is_variable(const struct object *o, const ElfW(Sym) * s)
{
    const int type = ELF64_ST_TYPE(s->st_info);
    const ElfW(Shdr) * section;

    if (s->st_shndx == SHN_UNDEF || s->st_shndx >= o->nsections || !s->st_size)
        return false;
    section = &o->sections[s->st_shndx];
    return type == STT_TLS ||
           (type == STT_OBJECT && section->sh_flags & SHF_WRITE && !is_sealed(o, s->st_value));
}

/* Without a table of symbols: sections that are larger than start-up code makes them. */
static void check_sections(const struct object *o, struct finding *f)
{
    for (size_t i = 0; i < o->nsections; i++) {
        const ElfW(Shdr) *s = &o->sections[i];

        if (s->sh_flags & SHF_WRITE && s->sh_flags & SHF_ALLOC && s->sh_size > 8 &&
            (s->sh_type == SHT_NOBITS || s->sh_type == SHT_PROGBITS) && !is_sealed(o, s->sh_addr))
            finding_fail(f, "it has %llu bytes of variables", (unsigned long long)s->sh_size);
    }
}

/* Functions that run when it is loaded, beside the compiler's own one; those of -ffast-math are told by
 * check_float_environment(). */
static void check_start(struct checked *c, const struct object *o, struct finding *f)
{
    const ElfW(Shdr) *start = object_section(o, SHT_INIT_ARRAY);
    struct finding flushes = {0};
    struct symbols s;

    for (size_t i = 1; object_symbols(o, SHT_DYNSYM, &s) && i < s.n; i++)
        if (symbol_is_instrument(symbol_name(&s, i)))
            return;
    check_float_environment(c, &flushes);
    if (start && start->sh_size > sizeof(void *) && flushes.outcome != OUTCOME_FAILED)
        finding_fail(f, "it has start-up code (a constructor), which runs in every process that loads it");
}

void check_globals(struct checked *c, struct finding *f)
{
    struct object o;
    struct symbols s;

    if (!object_found(c->path, &o, f))
        return;
    check_start(c, &o, f);
    if (!object_symbols(&o, SHT_SYMTAB, &s))
        check_sections(&o, f);
    else
        for (size_t i = 1; i < s.n; i++) {
            const char *name = symbol_name(&s, i);

            if (is_variable(&o, &s.v[i]) && !is_startup(name) && !symbol_is_instrument(name))
                finding_fail(f, "the variable '%s' outlives a call; keep it in a tensor, a slot or 'saved'",
                             name);
        }
    object_release(&o);
}

void check_contraction(struct checked *c, struct finding *f)
{
    void *handle = dlopen(c->path, RTLD_NOW | RTLD_LOCAL);
    const fell_plugin *root = handle ? dlsym(handle, "fell_plugin_v1") : NULL;
    const float a = 1.0f + 0x1p-12f;

    if (!root || root->struct_size < offsetof(fell_plugin, multiply_add) + sizeof root->multiply_add ||
        !root->multiply_add || !simd_available(SIMD_AVX2)) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it cannot be seen here");
        return;
    }
    /* a a = 1 + 2^-11 + 2^-24, which rounds to 1 + 2^-11: the sum is 0 if the product is rounded. */
    if (root->multiply_add(a, a, -(1.0f + 0x1p-11f)) != 0.0f)
        finding_fail(f,
                     "products are fused with sums, so that its bits depend on the processor; build it with "
                     "-ffp-contract=off");
}
