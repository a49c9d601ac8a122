/* synonym.c - see synonym.h. One table for all kinds of names: which meaning fits is said by the
 * names that exist where the word stands. A word that is itself a name there never comes here.
 */
#include "base/synonym.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/synonym_list.h"

/* The next character that counts, or 0. */
static int next(const char **text)
{
    while (**text && strchr("-_ .", **text))
        (*text)++;
    return **text ? tolower((unsigned char)*(*text)++) : 0;
}

static bool is_same(const char *a, const char *b)
{
    int ca, cb;

    do {
        ca = next(&a);
        cb = next(&b);
    } while (ca && ca == cb);
    return ca == cb;
}

static const char *among(const char *name, const char *const *candidates, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(candidates[i], name) == 0)
            return candidates[i];
    return NULL;
}

static const char *meaning_of(const char *word, const char *const *candidates, size_t n)
{
    const char *found = NULL;

    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms && !found; i++)
        for (size_t k = 0; k < MEANINGS && is_same(synonyms[i].word, word) && !found; k++)
            if (synonyms[i].means[k])
                found = among(synonyms[i].means[k], candidates, n);
    for (size_t i = 0; i < n && !found; i++)
        if (is_same(candidates[i], word))
            found = candidates[i];
    return found;
}

const char *synonym_of(const char *word, const char *const *candidates, size_t n)
{
    static const char *const tails[] = {"loss", "lr", "score", "layer", "1d", "2d"};
    const char *found = meaning_of(word, candidates, n);
    char stem[64];
    const size_t len = strlen(word);

    for (size_t i = 0; i < sizeof tails / sizeof *tails && !found && len < sizeof stem; i++) {
        const size_t tail = strlen(tails[i]);

        if (len <= tail || strcasecmp(word + len - tail, tails[i]) != 0)
            continue;
        memcpy(stem, word, len - tail);
        stem[len - tail] = '\0';
        found = meaning_of(stem, candidates, n);
    }
    if (!found && strchr(word, '.')) /* nn.Linear, torch.optim.Adam */
        found = meaning_of(strrchr(word, '.') + 1, candidates, n);
    return found;
}
