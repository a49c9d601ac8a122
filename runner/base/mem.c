/* mem.c - see mem.h. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*failure_handler)(void) = abort;
static _Atomic bool shortage;

void mem_on_failure(void (*handler)(void))
{
    failure_handler = handler;
}

void mem_note_shortage(void)
{
    shortage = true;
}

bool mem_shortage(void)
{
    return shortage;
}

void mem_shortage_forget(void)
{
    shortage = false;
}

void mem_failed(void)
{
    failure_handler();
}

static void *checked(void *p)
{
    if (!p)
        failure_handler();
    return p;
}

bool mem_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

void *mem_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *mem_grow(void *p, size_t count, size_t size)
{
    size_t n;

    if (!mem_mul(count, size, &n))
        failure_handler();
    return checked(realloc(p, n ? n : 1));
}

char *mem_string(const char *text)
{
    return checked(strdup(text));
}

char *mem_format(const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    return checked(n < 0 ? NULL : text);
}

void *mem_try_aligned(size_t count, size_t size)
{
    size_t n;
    void *p = NULL;

    if (mem_mul(count, size, &n) && n <= SIZE_MAX - 128) {
        n = (n + 127) & ~(size_t)63; /* a kernel may read to the end of a vector */
        p = aligned_alloc(64, n);
    }
    if (p)
        memset(p, 0, n);
    else
        mem_note_shortage();
    return p;
}

/* ---- arena ---------------------------------------------------------------- */

struct block {
    struct block *next;
    size_t used, room;
    _Alignas(16) unsigned char bytes[];
};

struct arena {
    struct block *first;
};

struct arena *arena_new(void)
{
    return mem_alloc(sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct block *b = a->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
    struct block *b = a->first;
    void *p;

    size = (size + 15) & ~(size_t)15;
    if (!b || b->room - b->used < size) {
        size_t room = size > 16000 ? size : 16000;

        b = mem_alloc(sizeof *b + room);
        b->room = room;
        b->next = a->first;
        a->first = b;
    }
    p = b->bytes + b->used;
    b->used += size;
    return p;
}

char *arena_string(struct arena *a, const char *text, size_t len)
{
    char *p = arena_alloc(a, len + 1);

    memcpy(p, text, len);
    return p;
}

char *arena_format(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL, *p;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    checked(n < 0 ? NULL : text);
    p = arena_string(a, text, (size_t)n);
    free(text);
    return p;
}

/* ---- growing strings -------------------------------------------------------- */

void strbuf_addn(struct strbuf *b, const void *bytes, size_t n)
{
    if (b->room - b->len < n + 1) {
        b->room = (b->len + n + 1) * 2;
        b->text = mem_grow(b->text, b->room, 1);
    }
    memcpy(b->text + b->len, bytes, n);
    b->len += n;
    b->text[b->len] = 0;
}

void strbuf_add(struct strbuf *b, const char *text)
{
    strbuf_addn(b, text, strlen(text));
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    checked(n < 0 ? NULL : text);
    strbuf_addn(b, text, (size_t)n);
    free(text);
}

void strbuf_release(struct strbuf *b)
{
    free(b->text);
    *b = (struct strbuf){0};
}
