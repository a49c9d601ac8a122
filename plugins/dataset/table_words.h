/* table_words.h - the different texts of a column, each once, with the row that has it first.
 *
 * A hash table whose entries stay in the order in which they came (FNV-1a, Fowler, Noll and Vo 1991).
 * Included by table_inputs.h and targets.h.
 */
#ifndef DATASET_TABLE_WORDS_H
#define DATASET_TABLE_WORDS_H

#include <strings.h>

#include "table.h"

struct word {
    struct field f; /* first, so that field_order() sorts them; NUL-terminated, the set's own */
    int64_t row, line;
    double number; /* for whoever collects numbers */
    int32_t label;
};

struct words {
    struct word *word; /* [n] */
    int64_t n, room;
    int64_t *slot; /* [slots] a word's place plus 1; slots is a power of two */
    int64_t slots;
    struct keep kept;
};

static inline void words_release(struct words *w)
{
    free(w->word);
    free(w->slot);
    keep_release(&w->kept);
    *w = (struct words){0};
}

static inline uint64_t words_hash(const struct field *f)
{
    uint64_t hash = 14695981039346656037ull;

    for (int64_t i = 0; i < f->len; i++)
        hash = (hash ^ (unsigned char)f->text[i]) * 1099511628211ull;
    return hash ^ hash >> 32;
}

/* The slot of F, which may be empty. */
static inline int64_t *words_slot(const struct words *w, const struct field *f)
{
    uint64_t at = words_hash(f);

    for (;; at++) {
        int64_t *slot = &w->slot[at & (uint64_t)(w->slots - 1)];

        if (!*slot || !field_order(&w->word[*slot - 1].f, f))
            return slot;
    }
}

/* Twice the room, or the first. False: out of memory. */
static inline bool words_grow(struct words *w)
{
    const int64_t room = w->room ? 2 * w->room : 64;
    struct word *word = realloc(w->word, (size_t)room * sizeof *word);
    int64_t *slot;

    if (!word)
        return false;
    w->word = word;
    slot = calloc((size_t)(2 * room), sizeof *slot);
    if (!slot)
        return false;
    free(w->slot);
    w->slot = slot;
    w->slots = 2 * room;
    w->room = room;
    for (int64_t i = 0; i < w->n; i++)
        *words_slot(w, &w->word[i].f) = i + 1;
    return true;
}

/* F, first seen in ROW unless it is there. False: out of memory. */
static inline bool words_add(struct words *w, const struct field *f, int64_t row, int64_t line)
{
    int64_t *slot;
    char *text;

    if (w->n == w->room && !words_grow(w))
        return false;
    slot = words_slot(w, f);
    if (*slot)
        return true;
    text = keep_bytes(&w->kept, f->text, f->len);
    if (!text)
        return false;
    w->word[w->n] = (struct word){.f = {text, f->len}, .row = row, .line = line};
    *slot = ++w->n;
    return true;
}

/* By bytes; the set takes no more words and finds none by words_slot() from then on. */
static inline void words_sort(struct words *w)
{
    if (w->n)
        qsort(w->word, (size_t)w->n, sizeof *w->word, field_order);
}

/* ---- true and false, yes and no ------------------------------------------------------------ */

/* True, false, yes or no that F is in any capitals, in small ones; NULL: none. */
static inline const char *field_switch(const struct field *f)
{
    static const char *const words[] = {"true", "false", "yes", "no"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((int64_t)strlen(words[i]) == f->len && !strncasecmp(words[i], f->text, (size_t)f->len))
            return words[i];
    return NULL;
}

/* Whether all words are true and false, or all yes and no, and some of them are one word in other capitals:
 * pandas and others read TRUE, True and true as one. */
static inline bool words_are_switches(const struct words *w)
{
    int64_t different = 0;
    const char *seen[2];

    for (int64_t i = 0; i < w->n; i++) {
        const char *word = field_switch(&w->word[i].f);

        if (!word || (different && (*word == 't' || *word == 'f') != (*seen[0] == 't' || *seen[0] == 'f')))
            return false;
        if (different == 0 || (word != seen[0] && different == 1))
            seen[different++] = word;
    }
    return different < w->n;
}

/* Tell of two of them that are one word. */
static inline void words_tell_switches(fell_ctx *ctx, const char *whose, const struct words *w)
{
    for (int64_t i = 1; i < w->n; i++)
        for (int64_t k = 0; k < i; k++)
            if (field_switch(&w->word[i].f) == field_switch(&w->word[k].f)) {
                fell_warn(ctx, "%s: '%s' and '%s' are read as one word, %s", whose, w->word[k].f.text,
                          w->word[i].f.text, field_switch(&w->word[i].f));
                return;
            }
}

/* Which of WORDS [n], of two at the most, is F in other capitals; -1: none, or both. */
static inline int64_t words_switch(char *const *words, int64_t n, const struct field *f)
{
    const char *wanted = n <= 2 ? field_switch(f) : NULL;
    int64_t found = -1, times = 0;

    for (int64_t i = 0; wanted && i < n; i++)
        if (!strcasecmp(words[i], wanted)) {
            found = i;
            times++;
        }
    return times == 1 ? found : -1;
}

/* A word of a sorted set, or NULL. */
static inline const struct word *words_find(const struct words *w, const struct field *f)
{
    return w->n ? bsearch(f, w->word, (size_t)w->n, sizeof *w->word, field_order) : NULL;
}

#endif
