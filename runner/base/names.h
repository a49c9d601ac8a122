/* names.h - names by number, for looking up one among many: in the time of a balanced tree, whatever
 * the names are.
 *
 * The texts are not copied: they live longer than the table. Begin with `struct names t = {0}`, end with
 * names_release().
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

#define NAMES_NONE ((size_t)-1)

struct names {
    void *root;
    size_t n; /* different names in it */
};

/* The number of NAME, which is added if it is not there: 0, 1, 2 ... in the order of their coming. */
size_t names_add(struct names *t, const char *name);

/* The number of NAME, or NAMES_NONE. */
size_t names_find(const struct names *t, const char *name);

void names_release(struct names *t);

#endif
