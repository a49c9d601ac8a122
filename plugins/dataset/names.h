/* names.h - names of classes and words that may be none: what may stand for nothing, and names that are
 * nearly one.
 *
 * Included by every dataset whose classes have names. Only asks and tells.
 */
#ifndef DATASET_NAMES_H
#define DATASET_NAMES_H

#include <strings.h>

#include "csv_scan.h"
#include "fell/plugin.h"

#define NAMES_MISSING                                                                                        \
    "[\"\", \"NA\", \"N/A\", \"n/a\", \"<NA>\", \"#N/A\", \"NaN\", \"nan\", \"NULL\", \"null\", \"None\", "  \
    "\"?\"]"

/* The setting `missing` of struct S. */
#define NAMES_MISSING_PARAM(S, doc) FELL_STRINGS(S, missing, NAMES_MISSING, 0, doc)

/* ---- nothing ------------------------------------------------------------------------------ */

/* Whether MISSING has WORD. */
static inline bool name_is_missing(const fell_strings *missing, const char *word)
{
    for (int64_t i = 0; i < missing->n; i++)
        if (!strcmp(word, missing->v[i]))
            return true;
    return false;
}

/* Whether `missing` is as it is by default: the words that it has are then not all that there are. */
static inline bool missing_is_default(const fell_strings *missing)
{
    const char *p = NAMES_MISSING;

    for (int64_t i = 0; i < missing->n; i++) {
        const size_t n = strlen(missing->v[i]);

        if (!p[1]) /* more words than by default */
            return false;
        p += 2; /* [" or ," */
        p += *p == '"' && n > 0;
        if (strncmp(p, missing->v[i], n) != 0 || p[n] != '"')
            return false;
        p += n + 1;
    }
    return !strcmp(p, "]");
}

/* Whether WORD, one of the words ALL [n] of a column, is not in `missing`, of which the user said nothing,
 * and yet stands for nothing in other programs: spreadsheets, pandas, databases. */
static inline bool name_may_be_missing(const fell_strings *missing, const char *word, const char *const *all,
                                       int64_t n)
{
    static const char *const nothing[] = {
        "nil",           "missing", "n.a.",   "n.a",     "(null)",  "\\N",      "undefined",
        "NaT",           "-nan",    "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "#NA",
        "#N/A N/A",      "#DIV/0!", "#REF!",  "#VALUE!", "#NAME?",  "#NUM!",    "#NULL!",
        "not available", "-",       "--",     ".",       ".."};
    bool plus = false;

    if (!missing_is_default(missing))
        return false;
    for (int64_t i = 0; i < n; i++)
        plus |= !strcmp(all[i], "+");
    if (plus && !strcmp(word, "-")) /* yes and no */
        return false;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (!strcasecmp(word, nothing[i]))
            return true;
    for (int64_t i = 0; i < missing->n; i++)
        if (!strcasecmp(word, missing->v[i]))
            return true;
    return false;
}

/* ---- names that are nearly one --------------------------------------------------------------- */

/* The letter below an accented one, U+00C0 to U+017F, by its canonical decomposition (Unicode 15); a space:
 * it has none. */
static const char names_letters[] = "aaaaaa ceeeeiiii nooooo  uuuuy  aaaaaa ceeeeiiii nooooo  uuuuy y"
                                    "aaaaaaccccccccdd  eeeeeeeeeegggggggghh  iiiiiiiii   jjkk llllll "
                                    "   nnnnnn   oooooo  rrrrrrsssssssstttt  uuuuuuuuuuuuwwyyyzzzzzz ";

/* The next letter of a name, in small and without accents; blanks and accents that stand alone are passed
 * over. 0: the end. Other characters byte by byte. */
static inline int name_letter(const char **name)
{
    for (;;) {
        const unsigned char *p = (const unsigned char *)*name;
        const int at = *p >= 0xc3 && *p <= 0xc5 ? (*p - 0xc3) * 64 + (p[1] & 63) : -1;
        const int blank = scan_wide_blank((const char *)p);

        *name += *p ? 1 : 0;
        if (blank || *p == ' ' || (*p >= '\t' && *p <= '\r'))
            *name += blank ? blank - 1 : 0;
        else if (*p == 0xcc || (*p == 0xcd && p[1] < 0xb0))
            *name += 1; /* an accent, U+0300 to U+036F */
        else if (at >= 0 && names_letters[at] != ' ') {
            *name += 1;
            return names_letters[at];
        } else
            return *p >= 'A' && *p <= 'Z' ? *p | 32 : *p;
    }
}

static inline bool names_are_alike(const char *a, const char *b)
{
    int x, y;

    do {
        x = name_letter(&a);
        y = name_letter(&b);
    } while (x && x == y);
    if (!x || !y) /* a dot at the end of one, as in the test file of UCI's census income */
        return x == y || (!x && y == '.' && !*b) || (!y && x == '.' && !*a);
    return x == y;
}

/* Tell of two WORDS [n] of WHOSE that differ in capitals, blanks, accents or a last dot alone. KIND: words,
 * classes. */
static inline void names_doubt(fell_ctx *ctx, const char *whose, const char *kind, const char *const *word,
                               int64_t n)
{
    enum { MOST = 1000 };

    for (int64_t i = 1; i < n && n <= MOST; i++)
        for (int64_t k = 0; k < i; k++)
            if (names_are_alike(word[i], word[k])) {
                fell_warn(ctx,
                          "%s: '%s' and '%s' differ in capitals, blanks, accents or a last dot alone: two %s",
                          whose, word[k], word[i], kind);
                return;
            }
}

#endif
