/* table_doubts.h - words that may be none: numbers with signs, what may stand for nothing, and names that
 * differ in capitals or blanks alone.
 *
 * Included by table_inputs.h and targets.h. Only asks and tells; what a column is, is decided there.
 */
#ifndef DATASET_TABLE_DOUBTS_H
#define DATASET_TABLE_DOUBTS_H

#include <strings.h>

#include "table.h"
#include "table_settings.h"

/* ---- numbers with signs ------------------------------------------------------------------ */

/* The sign of a number at P [n bytes] that is no digit: a currency's, a percent's, a quote, a bracket, a
 * minus that is none of ASCII's. */
static inline int64_t field_sign_length(const char *p, int64_t n)
{
    static const char *const signs[] = {"$",
                                        "%",
                                        "'",
                                        "(",
                                        ")",
                                        "\xe2\x82\xac", /* euro */
                                        "\xc2\xa3",     /* pound */
                                        "\xc2\xa5",     /* yen */
                                        "\xe2\x88\x92", /* minus */
                                        "\xe2\x80\x98", /* and four quotes */
                                        "\xe2\x80\x99",
                                        "\xe2\x80\x9c",
                                        "\xe2\x80\x9d"};

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const size_t length = strlen(signs[i]);

        if ((int64_t)length <= n && !memcmp(p, signs[i], length))
            return (int64_t)length;
    }
    return 0;
}

/* What parts the thousands of a number, at P [n bytes]: a blank, an apostrophe, or _, with three digits
 * behind it. */
static inline int64_t field_thousands_length(const char *p, int64_t n)
{
    int64_t length = 0, digits = 0;

    if (*p == ' ' || *p == '_' || *p == '\'')
        length = 1;
    else if (n > 3 && (scan_wide_blank(p) || !memcmp(p, "\xe2\x80\x99", 3)))
        length = scan_wide_blank(p) ? scan_wide_blank(p) : 3;
    for (int64_t i = length; length && i < n && p[i] >= '0' && p[i] <= '9'; i++)
        digits++;
    return digits == 3 ? length : 0;
}

/* Whether a field is a number written with more than digits: $12.50, 12 %, 1 234, 1'234, '5', (5), 5-. */
static inline bool field_has_sign(const struct table *t, const struct field *f)
{
    char plain[64];
    struct field rest = {plain, 0};
    bool ended = false;
    double v;

    for (int64_t i = 0, step; i < f->len; i += step) {
        const char *p = f->text + i;
        const int64_t left = f->len - i, part = rest.len ? field_thousands_length(p, left) : 0;

        step = part ? part : *p == ' ' ? 1 : field_sign_length(p, left);
        if (step == 0) {
            if (ended || rest.len == (int64_t)sizeof plain) /* digits, a sign, and digits again */
                return false;
            plain[rest.len++] = *p;
            step = 1;
        } else if (!part) {
            ended = rest.len > 0;
        }
    }
    if (rest.len > 1 && plain[rest.len - 1] == '-') /* behind the number, as accounts have it */
        rest.len--;
    return rest.len < f->len && scan_number(&rest, t->decimal, &v);
}

/* ---- nothing ------------------------------------------------------------------------------ */

/* Whether `missing` is as it is by default: the words that it has are then not all that there are. */
static inline bool missing_is_default(const struct table *t)
{
    const char *p = TABLE_MISSING;

    for (int64_t i = 0; i < t->missing.n; i++) {
        const size_t n = strlen(t->missing.v[i]);

        p += 2; /* [" or ," */
        p += *p == '"' && n > 0;
        if (strncmp(p, t->missing.v[i], n) != 0 || p[n] != '"')
            return false;
        p += n + 1;
    }
    return !strcmp(p, "]");
}

/* Whether WORD, one of the words ALL [n] of a column, is not in `missing`, of which the user said nothing,
 * and yet stands for nothing in other programs: spreadsheets, pandas, databases. */
static inline bool words_mean_missing(const struct table *t, const char *word, const char *const *all,
                                      int64_t n)
{
    static const char *const nothing[] = {
        "nil",           "missing", "n.a.",   "n.a",     "(null)",  "\\N",      "undefined",
        "NaT",           "-nan",    "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "#NA",
        "#N/A N/A",      "#DIV/0!", "#REF!",  "#VALUE!", "#NAME?",  "#NUM!",    "#NULL!",
        "not available", "-",       "--",     ".",       ".."};
    bool plus = false;

    if (!missing_is_default(t))
        return false;
    for (int64_t i = 0; i < n; i++)
        plus |= !strcmp(all[i], "+");
    if (plus && !strcmp(word, "-")) /* yes and no */
        return false;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (!strcasecmp(word, nothing[i]))
            return true;
    for (int64_t i = 0; i < t->missing.n; i++)
        if (!strcasecmp(word, t->missing.v[i]))
            return true;
    return false;
}

/* ---- names that are nearly one --------------------------------------------------------------- */

static inline bool words_alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        for (; *a == ' ' || *a == '\t'; a++)
            continue;
        for (; *b == ' ' || *b == '\t'; b++)
            continue;
        if ((*a >= 'A' && *a <= 'Z' ? *a | 32 : *a) != (*b >= 'A' && *b <= 'Z' ? *b | 32 : *b))
            return false;
        if (!*a)
            return true;
    }
}

/* Tell of two WORDS [n] of WHOSE that differ in capitals or blanks alone. KIND: words, classes. */
static inline void words_doubt(const struct table *t, const char *whose, const char *kind,
                               const char *const *word, int64_t n)
{
    enum { MOST = 1000 };

    for (int64_t i = 1; i < n && n <= MOST; i++)
        for (int64_t k = 0; k < i; k++)
            if (words_alike(word[i], word[k])) {
                fell_warn(t->ctx, "%s: '%s' and '%s' differ in capitals or blanks alone: two %s", whose,
                          word[k], word[i], kind);
                return;
            }
}

#endif
