/* csv_scan.h - records, fields and numbers of CSV text (RFC 4180).
 *
 * Knows nothing of columns, targets or tensors; csv.c does. Fields may be
 * quoted, with quotes doubled inside; lines end in LF, CRLF or CR; blank lines
 * are passed over; spaces around a field do not count. With a blank as the
 * delimiter any number of blanks and tabs is one, and those at a line's ends are none.
 */
#ifndef DATASET_CSV_SCAN_H
#define DATASET_CSV_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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
    bool more; /* more text follows, which is not there yet */
};

/* SCAN_MORE: the text ends within a record, which stays as it is, to be scanned again from AT on. */
enum scanned { SCAN_END, SCAN_RECORD, SCAN_MORE, SCAN_OPEN_QUOTE, SCAN_AFTER_QUOTE, SCAN_MEMORY };

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

/* The bytes of a blank beyond ASCII at P, 0 if there is none: those that do not break (U+00A0, U+202F),
 * U+2000 to U+200B, U+205F and U+3000. */
static inline int scan_wide_blank(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    if (u[0] == 0xc2)
        return u[1] == 0xa0 ? 2 : 0;
    if (u[0] == 0xe3)
        return u[1] == 0x80 && u[2] == 0x80 ? 3 : 0;
    if (u[0] != 0xe2)
        return 0;
    return (u[1] == 0x80 && ((u[2] >= 0x80 && u[2] <= 0x8b) || u[2] == 0xaf)) ||
                   (u[1] == 0x81 && u[2] == 0x9f)
               ? 3
               : 0;
}

static inline char *scan_skip_spaces(char *p, char delimiter)
{
    for (;;) {
        if ((*p == ' ' || *p == '\t') && *p != delimiter)
            p++;
        else if (scan_wide_blank(p))
            p += scan_wide_blank(p);
        else
            return p;
    }
}

/* The blanks at the end of a field do not count. */
static inline void scan_trim(struct field *f)
{
    for (;;) {
        const char *const end = f->text + f->len;

        if (f->len > 0 && (end[-1] == ' ' || end[-1] == '\t'))
            f->len--;
        else if (f->len > 1 && scan_wide_blank(end - 2) == 2)
            f->len -= 2;
        else if (f->len > 2 && scan_wide_blank(end - 3) == 3)
            f->len -= 3;
        else
            return;
    }
}

/* A quoted field, P behind its opening quote. Returns what follows the closing quote, NULL if there is none.
 * Counts line ends in *LINES. The length of one with quotes doubled in it is negative, as ~length, until
 * scan_unquote(). */
static inline char *scan_quoted(char *p, struct field *f, int64_t *lines)
{
    bool doubled = false;

    f->text = p;
    for (; *p && (*p != '"' || p[1] == '"'); p++) {
        if (*p == '"') {
            doubled = true;
            p++;
        }
        *lines += *p == '\n';
    }
    f->len = doubled ? ~(p - f->text) : p - f->text;
    return *p ? p + 1 : NULL;
}

/* Of two quotes one, in place. */
static inline void scan_unquote(struct field *f)
{
    const int64_t n = ~f->len;

    f->len = 0;
    for (int64_t i = 0; i < n; i++) {
        i += f->text[i] == '"';
        f->text[f->len++] = f->text[i];
    }
}

/* Room for one more field of R, or false when memory is out. */
static inline bool record_add(struct record *r, struct field f)
{
    if (r->n == r->room) {
        const int64_t room = 2 * r->room + 16;
        struct field *larger = realloc(r->field, (size_t)room * sizeof *larger);

        if (!larger)
            return false;
        r->field = larger;
        r->room = room;
    }
    r->field[r->n++] = f;
    return true;
}

/* Behind a field at P: true when another follows, which *P then begins. */
static inline bool scan_next_field(char **p, char delimiter)
{
    if (delimiter == ' ') {
        *p = scan_skip_spaces(*p, '\0');
        return !scan_at_line_end(*p);
    }
    if (scan_at_line_end(*p))
        return false;
    ++*p;
    return true;
}

static inline bool scan_ends_field(const char *p, char delimiter)
{
    return *p == delimiter || scan_at_line_end(p) || (delimiter == ' ' && *p == '\t');
}

/* Whether what stands at P, a line end, may become another one with the text that follows. */
static inline bool scan_is_open(const struct scan *s, const char *p)
{
    return s->more && (p[0] == '\0' || p[1] == '\0');
}

/* Passes over blank lines to where a record begins. */
static inline enum scanned scan_blank_lines(struct scan *s, char skipped)
{
    for (;;) {
        char *q = scan_skip_spaces(s->at, skipped);

        if (!scan_at_line_end(q))
            return SCAN_RECORD;
        if (scan_is_open(s, q))
            return SCAN_MORE;
        if (!*q)
            return SCAN_END;
        s->at = scan_skip_newline(q);
        s->line++;
    }
}

/* The next record into R, whose line is set on errors as well. */
static inline enum scanned scan_record(struct scan *s, struct record *r)
{
    const char skipped = s->delimiter == ' ' ? '\0' : s->delimiter; /* no blank is a field of its own */
    const enum scanned begin = scan_blank_lines(s, skipped);
    char *p = s->at;
    int64_t lines = 0;
    bool doubled = false;

    if (begin != SCAN_RECORD)
        return begin;
    r->n = 0;
    r->line = s->line;
    do {
        struct field f;

        p = scan_skip_spaces(p, skipped);
        if (*p == '"') {
            p = scan_quoted(p + 1, &f, &lines);
            if (!p)
                return s->more ? SCAN_MORE : SCAN_OPEN_QUOTE;
            doubled |= f.len < 0;
            if (s->delimiter != ' ')
                p = scan_skip_spaces(p, skipped);
            if (!scan_ends_field(p, s->delimiter))
                return SCAN_AFTER_QUOTE;
        } else {
            f.text = p;
            while (!scan_ends_field(p, s->delimiter))
                p++;
            f.len = p - f.text;
            scan_trim(&f);
        }
        if (!record_add(r, f))
            return SCAN_MEMORY;
    } while (scan_next_field(&p, s->delimiter));
    if (scan_is_open(s, p))
        return SCAN_MORE;
    for (int64_t j = 0; doubled && j < r->n; j++)
        if (r->field[j].len < 0)
            scan_unquote(&r->field[j]);
    s->at = scan_skip_newline(p);
    s->line += lines + (s->at != p);
    return SCAN_RECORD;
}

/* Fields between blanks of the line at P; a quoted one counts once. */
static inline int64_t scan_count_blank_fields(const char *p)
{
    int64_t n = 0;

    for (;;) {
        while (*p == ' ' || *p == '\t')
            p++;
        if (scan_at_line_end(p))
            return n;
        n++;
        for (bool quoted = false; !scan_at_line_end(p) && (quoted || (*p != ' ' && *p != '\t')); p++)
            quoted ^= *p == '"';
    }
}

/* Whether the line at P and the next (if there is one) hold several fields between blanks, the same
 * number, and a number begins one of the second's. */
static inline bool scan_has_blank_fields(const char *p)
{
    const int64_t n = scan_count_blank_fields(p);
    const char *next = p;

    while (!scan_at_line_end(next))
        next++;
    next += next[0] == '\r' ? 1 + (next[1] == '\n') : next[0] == '\n';
    next = *next ? next : p;
    while (*next == ' ' || *next == '\t')
        next++;
    return n > 1 && scan_count_blank_fields(next) == n && strchr("+-.0123456789", *next) && *next;
}

/* The delimiter of a text by its first line: of , ; tab | the one that occurs
 * most often outside quotes, the earlier of equals. Without any, or where what tabs part are
 * several numbers with blanks between them: blanks. */
static inline char scan_guess_delimiter(const char *p)
{
    static const char candidates[] = ",;\t|";
    int64_t count[sizeof candidates] = {0};
    const char *line;
    size_t best = 0;
    bool quoted = false;

    while (*p == '\n' || *p == '\r')
        p++;
    line = p;
    for (; *p && (quoted || !scan_at_line_end(p)); p++) {
        const char *c = quoted ? NULL : strchr(candidates, *p);

        quoted ^= *p == '"';
        if (c)
            count[c - candidates]++;
    }
    for (size_t i = 1; candidates[i]; i++)
        if (count[i] > count[best])
            best = i;
    if ((count[best] == 0 ||
         (candidates[best] == '\t' && scan_count_blank_fields(line) > 2 * count[best] + 2)) &&
        scan_has_blank_fields(line))
        return ' ';
    return candidates[best];
}

/* A number that strtod has to read: it ends where the field does. */
static inline double scan_long_number(const struct field *f, char decimal)
{
    char copy[512];
    char *comma;

    if (decimal == '.' || f->len >= (int64_t)sizeof copy)
        return strtod(f->text, NULL);
    memcpy(copy, f->text, (size_t)f->len);
    copy[f->len] = '\0';
    comma = strchr(copy, decimal);
    if (comma)
        *comma = '.';
    return strtod(copy, NULL);
}

/* Whether a field is a number with DECIMAL ('.' or ',') before its fraction, and which. Up to 19
 * digits and small powers of ten are exact in double arithmetic; strtod, in the C locale that the
 * caller has chosen, reads the rest. Neither nan nor inf nor hexadecimal is one. */
static inline bool scan_number(const struct field *f, char decimal, double *value)
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
    if (p < end && *p == decimal)
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
        *value = scan_long_number(f, decimal);
    }
    return true;
}

/* Whether a field is a whole number whose digits a double, or a number at all, would lose: 042, or
 * one beyond 2^53 in size that does not come back. */
static inline bool scan_is_code(const struct field *f)
{
    const char *p = f->text, *const end = f->text + f->len;
    char back[32];
    double v;

    p += p < end && (*p == '-' || *p == '+');
    for (const char *q = p; q < end; q++)
        if (*q < '0' || *q > '9')
            return false;
    if (end - p < 2)
        return false;
    if (*p == '0')
        return true;
    if (end - p < 16)
        return false;
    if (!scan_number(f, '.', &v) || end - p > 30)
        return true;
    snprintf(back, sizeof back, "%.0f", v < 0 ? -v : v);
    return v >= 0x1p63 || v <= -0x1p63 || strlen(back) != (size_t)(end - p) ||
           memcmp(back, p, (size_t)(end - p));
}

#endif
