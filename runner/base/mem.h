/* mem.h - memory: heap with one failure path, an arena for things that die
 * together, and growing strings.
 *
 * mem_* never return NULL: when memory is out they call the handler that main.c
 * installed (it prints one line and ends the process). Big buffers (data sets,
 * nets) use mem_try_aligned() and report an error instead.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void mem_on_failure(void (*handler)(void));
void mem_failed(void); /* memory that a library wanted is out: calls the handler */

void *mem_alloc(size_t size);               /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed; overflow is a failure */
void *mem_grow(void *p, size_t count, size_t size);
char *mem_string(const char *text);
char *mem_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* COUNT elements of SIZE bytes, zeroed, 64-byte aligned; NULL when it is too
 * much. Ends with free(). */
void *mem_try_aligned(size_t count, size_t size);

/* Whether something could not be had since mem_shortage_forget(): so that an error which comes
 * of it can be told from others. mem_note_shortage() is for allocations that are not made here. */
void mem_note_shortage(void);
bool mem_shortage(void);
void mem_shortage_forget(void);

/* Checked product and sum of sizes: false on overflow. */
bool mem_mul(size_t a, size_t b, size_t *out);

/* Arena: everything it gave is freed by arena_free, never singly. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);
void *arena_alloc(struct arena *a, size_t size); /* zeroed, 16-byte aligned */
char *arena_string(struct arena *a, const char *text, size_t len);
char *arena_format(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A growing string; `text` is always NUL-terminated once something was added.
 * Start from `struct strbuf b = {0}`, end with strbuf_release(). */
struct strbuf {
    char *text;
    size_t len, room;
};
void strbuf_add(struct strbuf *b, const char *text);
void strbuf_addn(struct strbuf *b, const void *bytes, size_t n);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_release(struct strbuf *b);

#endif
