/* sqlite_pool.h - memory for SQLite, whose own calls of malloc() are most of what a harness would do under
 * ASan: pieces of a few sizes, which are poisoned behind their end and, when they are given back, for as long
 * as 64 others of their size have not been. What the program does wrong with SQLite's memory is seen as
 * elsewhere; a leak of it is seen by sqlite3_memory_used().
 */
#ifndef TESTS_FUZZ_SQLITE_POOL_H
#define TESTS_FUZZ_SQLITE_POOL_H

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_STEP = 64, POOL_CLASSES = 128, POOL_REST = 64, POOL_BLOCK = 1 << 20 };

/* Heads are poisoned, too; and what goes on here is no news of an input. */
#define POOL_PLAIN __attribute__((no_sanitize("address", "coverage")))

/* In front of each piece; behind it are 16 bytes at least that nobody may touch. */
struct pool_head {
    size_t size; /* that was asked for */
    struct pool_head *next;
};

static struct pool_class {
    struct pool_head *first, *last;
    size_t n;
} pool_free[POOL_CLASSES];
static char *pool_block;
static size_t pool_left;

POOL_PLAIN static size_t pool_class_of(size_t size)
{
    return (size + 2 * sizeof(struct pool_head) + POOL_STEP - 1) / POOL_STEP;
}

POOL_PLAIN static struct pool_head *pool_piece(size_t class)
{
    struct pool_class *c = &pool_free[class];
    struct pool_head *h = c->first;

    if (c->n > POOL_REST) {
        c->first = h->next;
        c->n--;
        return h;
    }
    if (pool_left < class * POOL_STEP) {
        pool_block = malloc(POOL_BLOCK);
        if (!pool_block)
            abort();
        __lsan_ignore_object(pool_block);
        pool_left = POOL_BLOCK;
        ASAN_POISON_MEMORY_REGION(pool_block, POOL_BLOCK);
    }
    h = (struct pool_head *)pool_block;
    pool_block += class * POOL_STEP;
    pool_left -= class * POOL_STEP;
    return h;
}

/* What is too large for a class comes from malloc(), with a head of its own. */
POOL_PLAIN static void *pool_malloc(int size)
{
    const size_t class = pool_class_of((size_t)size);
    struct pool_head *h;

    h = class < POOL_CLASSES ? pool_piece(class) : malloc((size_t)size + sizeof *h);
    if (!h)
        return NULL;
    h->size = (size_t)size;
    ASAN_UNPOISON_MEMORY_REGION(h + 1, (size_t)size);
    return h + 1;
}

POOL_PLAIN static void pool_give_back(void *piece)
{
    struct pool_head *h = (struct pool_head *)piece - 1;
    const size_t class = pool_class_of(h->size);
    struct pool_class *c;

    if (class >= POOL_CLASSES) {
        free(h);
        return;
    }
    c = &pool_free[class];
    ASAN_POISON_MEMORY_REGION(piece, h->size);
    h->next = NULL;
    if (c->n++ > 0)
        c->last->next = h;
    else
        c->first = h;
    c->last = h;
}

POOL_PLAIN static int pool_size(void *piece)
{
    return piece ? (int)((struct pool_head *)piece - 1)->size : 0;
}

POOL_PLAIN static void *pool_realloc(void *piece, int size)
{
    const int was = pool_size(piece);
    void *now = pool_malloc(size);

    if (now) {
        memcpy(now, piece, (size_t)(was < size ? was : size));
        pool_give_back(piece);
    }
    return now;
}

static int pool_round_up(int size)
{
    return (size + 7) & ~7;
}

static int pool_begin(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void pool_end(void *arg)
{
    (void)arg;
}

/* Before SQLite is asked for anything. */
static inline int pool_install(void)
{
    static const sqlite3_mem_methods methods = {pool_malloc,   pool_give_back, pool_realloc, pool_size,
                                                pool_round_up, pool_begin,     pool_end,     NULL};

    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

#endif
