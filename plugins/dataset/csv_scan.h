/* csv_scan.h - records, fields and numbers of CSV text (RFC 4180).
 *
 * Knows nothing of columns, targets or tensors; csv.c does. Fields may be
 * quoted, with quotes doubled inside; lines end in LF, CRLF or CR; blank lines
 * are passed over; spaces around a field do not count.
 */
#ifndef DATASET_CSV_SCAN_H
#define DATASET_CSV_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct field {
    char *text; /* in the scanned buffer; not NUL-terminated */
    int64_t len;
};

struct record {
    struct field *field; /* freed with record_release() */
    int64_t n, room;
    int64_t line; /* where it begins, from 1 */
};

/* The text that is scanned, up to its NUL; quoted fields are unquoted in place. */
struct scan {
    char *at;
    int64_t line; /* of AT */
    char delimiter;
};

enum scanned { SCAN_END, SCAN_RECORD, SCAN_OPEN_QUOTE, SCAN_AFTER_QUOTE, SCAN_MEMORY };

static inline void record_release(struct record *r)
{
    free(r->field);
}

/* One past the line end at P, if there is one. */
static inline char *scan_skip_newline(char *p)
{
    if (p[0] == '\r')
        return p + (p[1] == '\n' ? 2 : 1);
    return p + (p[0] == '\n');
}

static inline bool scan_at_line_end(const char *p)
{
    return *p == '\n' || *p == '\r' || *p == '\0';
}

static inline char *scan_skip_spaces(char *p, char delimiter)
{
    while ((*p == ' ' || *p == '\t') && *p != delimiter)
        p++;
    return p;
}

/* A quoted field, P behind its opening quote: unquoted in place. Returns what
 * follows the closing quote, NULL if there is none. Counts line ends in *LINES. */
static inline char *scan_quoted(char *p, struct field *f, int64_t *lines)
{
    char *to = p;

    f->text = p;
    for (; *p && (*p != '"' || p[1] == '"'); p++) {
        if (*p == '"')
            p++;
        *lines += *p == '\n';
        *to++ = *p;
    }
    f->len = to - f->text;
    return *p ? p + 1 : NULL;
}

/* The next record into R, whose line is set on errors as well. */
static inline enum scanned scan_record(struct scan *s, struct record *r)
{
    char *p = s->at;
    int64_t lines = 0;

    for (;;) { /* blank lines */
        char *q = scan_skip_spaces(p, s->delimiter);

        if (!*q)
            return SCAN_END;
        if (!scan_at_line_end(q))
            break;
        p = scan_skip_newline(q);
        s->line++;
    }
    r->n = 0;
    r->line = s->line;
    for (;;) {
        struct field f;

        p = scan_skip_spaces(p, s->delimiter);
        if (*p == '"') {
            p = scan_quoted(p + 1, &f, &lines);
            if (!p)
                return SCAN_OPEN_QUOTE;
            p = scan_skip_spaces(p, s->delimiter);
            if (*p != s->delimiter && !scan_at_line_end(p))
                return SCAN_AFTER_QUOTE;
        } else {
            f.text = p;
            while (*p != s->delimiter && !scan_at_line_end(p))
                p++;
            f.len = p - f.text;
            while (f.len > 0 && (f.text[f.len - 1] == ' ' || f.text[f.len - 1] == '\t'))
                f.len--;
        }
        if (r->n == r->room) {
            const int64_t room = 2 * r->room + 16;
            struct field *larger = realloc(r->field, (size_t)room * sizeof *larger);

            if (!larger)
                return SCAN_MEMORY;
            r->field = larger;
            r->room = room;
        }
        r->field[r->n++] = f;
        if (scan_at_line_end(p))
            break;
        p++;
    }
    s->at = scan_skip_newline(p);
    s->line += lines + (s->at != p);
    return SCAN_RECORD;
}

/* The delimiter of a text by its first line: of , ; tab | the one that occurs
 * most often outside quotes, the earlier of equals. */
static inline char scan_guess_delimiter(const char *p)
{
    static const char candidates[] = ",;\t|";
    int64_t count[sizeof candidates] = {0};
    size_t best = 0;
    bool quoted = false;

    while (*p == '\n' || *p == '\r')
        p++;
    for (; *p && (quoted || !scan_at_line_end(p)); p++) {
        const char *c = quoted ? NULL : strchr(candidates, *p);

        quoted ^= *p == '"';
        if (c)
            count[c - candidates]++;
    }
    for (size_t i = 1; candidates[i]; i++)
        if (count[i] > count[best])
            best = i;
    return candidates[best];
}

/* Whether a field is a decimal number, and which. Up to 19 digits and small
 * powers of ten are exact in double arithmetic; strtod, in the C locale that the
 * caller has chosen, reads the rest. Neither nan nor inf nor hexadecimal is one. */
static inline bool scan_number(const struct field *f, double *value)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = f->text, *const end = f->text + f->len;
    const bool negative = p < end && *p == '-';
    uint64_t mantissa = 0;
    int64_t digits = 0, power = 0;

    p += p < end && (*p == '-' || *p == '+');
    for (; p < end && *p >= '0' && *p <= '9'; p++, digits++)
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, digits++, power--)
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    if (digits == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        const bool down = p + 1 < end && p[1] == '-';
        int64_t e = 0;

        p += 1 + (p + 1 < end && (p[1] == '-' || p[1] == '+'));
        if (p == end)
            return false;
        for (; p < end && *p >= '0' && *p <= '9'; p++)
            e = e < 100000 ? e * 10 + (*p - '0') : e;
        power += down ? -e : e;
    }
    if (p != end)
        return false;
    if (digits <= 19 && mantissa <= 1ull << 53 && power >= -22 && power <= 22) {
        const double m = (double)mantissa, v = power < 0 ? m / tens[-power] : m * tens[power];

        *value = negative ? -v : v;
    } else {
        *value = strtod(f->text, NULL);
    }
    return true;
}

/* Whether a field says that its value is not known. */
static inline bool scan_missing(const struct field *f)
{
    static const char *const words[] = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?", "-"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (f->len == (int64_t)strlen(words[i]) && !memcmp(f->text, words[i], (size_t)f->len))
            return true;
    return false;
}

#endif
