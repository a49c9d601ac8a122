/* text.c - words, numbers and times: the nearest name for a typo, numbers read and
 * written the same in every locale, characters, clocks. Files, paths and hashes are in file.c.
 * Nothing here knows YAML or settings; everybody calls it. See text.h.
 */
#include "base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/synonym.h"

/* ctype.h asks the locale; these do not. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* TEXT is WORD (in lower case) but for the case of its letters. */
static bool same_word(const char *text, const char *word)
{
    while (*text && lower(*text) == *word) {
        text++;
        word++;
    }
    return *text == *word;
}

/* ---- the nearest name ------------------------------------------------------- */

/* As names are compared: `ReLU` is near `relu`, `cross-entropy` near `cross_entropy`. */
static char folded(char c)
{
    return c == '-' ? '_' : lower(c);
}

/* Edit distance with insertion, deletion, substitution and the swap of two
 * neighbours at cost 1 each (Damerau 1964, in the form of optimal string alignment).
 * ROWS has room for 3 * (nb + 1) numbers. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb, size_t *rows)
{
    size_t *before = rows, *above = rows + nb + 1, *row = rows + 2 * (nb + 1);

    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *spare = before;

        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            char ca = folded(a[i - 1]), cb = folded(b[j - 1]);
            size_t best = above[j - 1] + (ca != cb);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && ca == folded(b[j - 2]) && folded(a[i - 2]) == cb &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t len = strlen(word);
    size_t limit = len / 3 > 1 ? len / 3 : 1;
    size_t nearest = limit + 1;
    const char *found = NULL, *meant;

    for (size_t i = 0; i < n; i++) {
        const char *candidate = candidates[i];
        size_t m = strlen(candidate), longer = m > len ? m : len, distance;
        size_t *rows;

        if (longer - (m < len ? m : len) > limit)
            continue;
        rows = mem_array(3 * (m + 1), sizeof *rows);
        distance = edit_distance(word, len, candidate, m, rows);
        free(rows);
        /* A distance as long as the words means that they have nothing in common. */
        if (distance < nearest && distance < longer) {
            nearest = distance;
            found = candidate;
        }
    }
    meant = found && nearest == 0 ? NULL : synonym_of(word, candidates, n);
    return meant ? meant : found;
}

const char *text_article(const char *word)
{
    return strchr("aeiou", word[0]) ? "an" : "a";
}

void text_add_word(struct strbuf *b, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%^";

    if (b->len)
        strbuf_add(b, " ");
    if (*word && word[strspn(word, safe)] == 0) {
        strbuf_add(b, word);
        return;
    }
    strbuf_add(b, "'");
    for (; *word; word++) {
        if (*word == '\'')
            strbuf_add(b, "'\\''");
        else
            strbuf_addn(b, word, 1);
    }
    strbuf_add(b, "'");
}

/* ---- numbers ------------------------------------------------------------------ */

/* Copies digits from *FROM to *TO, leaving out single underscores between them.
 * Returns how many digits there were. */
static size_t take_digits(const char **from, char **to)
{
    const char *p = *from;
    size_t n = 0;

    while (is_digit(*p) || (*p == '_' && n && is_digit(p[1]))) {
        if (*p != '_') {
            *(*to)++ = *p;
            n++;
        }
        p++;
    }
    *from = p;
    return n;
}

/* TEXT as a decimal number without underscores, as strtod() reads it, or NULL when
 * it is none. free() it. */
static char *clean_number(const char *text)
{
    char *clean = mem_alloc(strlen(text) + 1), *to = clean;
    size_t digits;

    if (*text == '-' || *text == '+')
        *to++ = *text++;
    digits = take_digits(&text, &to);
    if (*text == '.') {
        *to++ = *text++;
        digits += take_digits(&text, &to);
    }
    if (!digits)
        goto no;
    if (*text == 'e' || *text == 'E') {
        *to++ = *text++;
        if (*text == '-' || *text == '+')
            *to++ = *text++;
        if (!take_digits(&text, &to))
            goto no;
    }
    if (*text)
        goto no;
    return clean;
no:
    free(clean);
    return NULL;
}

static bool read_special(const char *text, double *out)
{
    double sign = *text == '-' ? -1.0 : 1.0;

    if (*text == '-' || *text == '+')
        text++;
    if (*text == '.')
        text++;
    if (same_word(text, "inf") || same_word(text, "infinity"))
        *out = sign * (double)INFINITY;
    else if (same_word(text, "nan"))
        *out = (double)NAN;
    else
        return false;
    return true;
}

bool text_to_double(const char *text, double *out)
{
    char *clean = clean_number(text);
    locale_t c;
    double v;

    if (!clean)
        return read_special(text, out);
    c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    v = strtod_l(clean, NULL, c);
    freelocale(c);
    free(clean);
    if (isinf(v)) /* 1e999: no double is near it */
        return false;
    *out = v;
    return true;
}

/* Exact for every int64, which a way through double is not. The number is
 * DIGITS * 10^EXPONENT, the digits without the point. */
bool text_to_int(const char *text, int64_t *out)
{
    char *clean = clean_number(text), *digits, *end, *p;
    bool negative, fine = true;
    long exponent = 0;
    int64_t v = 0;

    if (!clean)
        return false;
    negative = *clean == '-';
    digits = end = clean; /* the digits are moved together at the front */
    for (p = clean; *p && *p != 'e' && *p != 'E'; p++)
        if (is_digit(*p))
            *end++ = *p;
        else if (*p == '.')
            exponent = -(long)strspn(p + 1, "0123456789");
    if (*p) {
        long written = strtol(p + 1, NULL, 10); /* stops at the ends of long */

        exponent += written > 1000000 ? 1000000 : written < -1000000 ? -1000000 : written;
    }
    while (end > digits && end[-1] == '0') {
        end--;
        exponent++;
    }
    if (end > digits) { /* else the number is 0, whatever its exponent */
        fine = exponent >= 0;
        /* Counted down, as the range reaches one further there. */
        for (p = digits; fine && p < end; p++)
            fine = !__builtin_mul_overflow(v, 10, &v) && !__builtin_sub_overflow(v, *p - '0', &v);
        for (; fine && exponent > 0; exponent--)
            fine = !__builtin_mul_overflow(v, 10, &v);
        if (fine && !negative)
            fine = !__builtin_sub_overflow(0, v, &v);
    }
    free(clean);
    if (fine)
        *out = v;
    return fine;
}

bool text_to_bool(const char *text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},
                 {"false", false}, {"no", false}, {"off", false}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (same_word(text, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    return false;
}

/* Precision is raised until the text reads back; then whole numbers below 10^16 are
 * written out (100, not 1e+02). */
static void shortest(double v, bool is_float, char out[32])
{
    locale_t c, old;
    int digits = 1;

    if (!isfinite(v)) {
        snprintf(out, 32, "%s", isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
        return;
    }
    c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    old = uselocale(c);
    for (; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, v);
        if (is_float ? (double)strtof(out, NULL) == v : strtod(out, NULL) == v)
            break;
    }
    if (fabs(v) >= 1 && fabs(v) < 1e16 && strchr(out, 'e'))
        snprintf(out, 32, "%.0f", v);
    uselocale(old);
    freelocale(c);
}

void text_from_double(double v, char out[32])
{
    shortest(v, false, out);
}

void text_from_float(float v, char out[32])
{
    shortest((double)v, true, out);
}

/* ---- characters --------------------------------------------------------------- */

size_t text_character(const char *p, const char *end, uint32_t *out)
{
    static const struct {
        unsigned char mask, lead; /* a first byte b of this length has (b & mask) == lead */
        uint32_t least;           /* below it the form is overlong */
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    if (p >= end)
        return 0;
    for (size_t more = 0; more < 4; more++) {
        unsigned first = (unsigned char)*p;
        uint32_t c = first & (uint32_t)(~forms[more].mask & 0xff);

        if ((first & forms[more].mask) != forms[more].lead)
            continue;
        if ((size_t)(end - p) <= more)
            return 0;
        for (size_t i = 1; i <= more; i++) {
            unsigned next = (unsigned char)p[i];

            if ((next & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (next & 0x3f);
        }
        if (c < forms[more].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return 0;
        *out = c;
        return more + 1;
    }
    return 0;
}

size_t text_length(const char *p, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)p[i] & 0xc0) != 0x80;
    return count;
}

size_t text_break(const char *p, const char *end)
{
    static const char *const breaks[] = {"\r\n", "\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        size_t n = strlen(breaks[i]);

        if ((size_t)(end - p) >= n && memcmp(p, breaks[i], n) == 0)
            return n;
    }
    return 0;
}

/* ---- times ------------------------------------------------------------------ */

void time_now_text(char out[32])
{
    struct timespec now;
    struct tm utc;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, 32 - n, ".%03ldZ", now.tv_nsec / 1000000);
}

double time_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

size_t text_part(const char *name)
{
    bool quoted = false;
    size_t n = 0;

    for (; name[n] && (quoted || name[n] != '.'); n++)
        quoted ^= name[n] == '"';
    return n;
}
