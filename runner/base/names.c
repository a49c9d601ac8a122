/* names.c - see names.h. The tree is libc's (tsearch), which keeps itself balanced. */
#include "base/names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct name {
    const char *text;
    size_t number;
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

size_t names_find(const struct names *t, const char *name)
{
    const struct name wanted = {name, 0};
    void *const *at = tfind(&wanted, &t->root, compare);

    return at ? ((const struct name *)*at)->number : NAMES_NONE;
}

size_t names_add(struct names *t, const char *name)
{
    const size_t number = names_find(t, name);
    struct name *added;

    if (number != NAMES_NONE)
        return number;
    added = mem_alloc(sizeof *added);
    *added = (struct name){name, t->n};
    if (!tsearch(added, &t->root, compare))
        mem_failed();
    return t->n++;
}

void names_release(struct names *t)
{
    tdestroy(t->root, free);
    *t = (struct names){0};
}
