/* plain.h - numbers in texts are those of the C locale while a table is read: decimal points are points,
 * whatever the process speaks.
 */
#ifndef DATASET_PLAIN_H
#define DATASET_PLAIN_H

#include <locale.h>
#include <stdbool.h>

struct plain {
    locale_t own, before;
};

/* False: out of memory. Of this thread alone, until plain_end(). */
static inline bool plain_begin(struct plain *p)
{
    p->own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!p->own)
        return false;
    p->before = uselocale(p->own);
    return true;
}

static inline void plain_end(struct plain *p)
{
    uselocale(p->before);
    freelocale(p->own);
}

#endif
