/* table_doubts.h - words that may be none: numbers with signs.
 *
 * Included by table_inputs.h. Only asks; what a column is, is decided there.
 */
#ifndef DATASET_TABLE_DOUBTS_H
#define DATASET_TABLE_DOUBTS_H

#include "table.h"

/* The sign of a number at P [n bytes] that is no digit: a currency's or its letters, a percent's, a quote, a
 * bracket, a minus that is none of ASCII's. */
static inline int64_t field_sign_length(const char *p, int64_t n)
{
    static const char *const signs[] = {"$",
                                        "%",
                                        "'",
                                        "(",
                                        ")",
                                        "R$",
                                        "Rs",
                                        "kr",
                                        "EUR",
                                        "USD",
                                        "GBP",
                                        "CHF",
                                        "JPY",
                                        "CNY",
                                        "INR",
                                        "CAD",
                                        "AUD",
                                        "SEK",
                                        "NOK",
                                        "DKK",
                                        "\xc2\xa2",     /* cent */
                                        "\xc2\xa3",     /* pound */
                                        "\xc2\xa5",     /* yen */
                                        "\xc2\xb0",     /* degree */
                                        "z\xc5\x82",    /* zloty */
                                        "K\xc4\x8d",    /* koruna */
                                        "\xe2\x80\xb0", /* per thousand */
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
    /* U+20A0 to U+20CF: the currencies, the euro's among them */
    return n >= 3 && !memcmp(p, "\xe2\x82", 2) && (unsigned char)p[2] >= 0xa0 ? 3 : 0;
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

/* Whether a field is a number with Fortran's exponent: 1.5D-3. Without a point it may be a code. */
static inline bool field_is_fortran(const struct table *t, const struct field *f)
{
    char plain[64];
    const struct field rest = {plain, f->len};
    int64_t points = 0, letters = 0;
    double v;

    for (int64_t i = 0; i < f->len && f->len < (int64_t)sizeof plain; i++) {
        const bool letter = (f->text[i] | 32) == 'd';

        points += f->text[i] == t->decimal;
        letters += letter;
        plain[i] = letter ? 'e' : f->text[i];
    }
    return points == 1 && letters == 1 && scan_number(&rest, t->decimal, &v);
}

/* Whether a field is a number written with more than digits: $12.50, 12 %, 1 234, 1'234, '5', (5),
 * 5-, 1.5D-3. */
static inline bool field_has_sign(const struct table *t, const struct field *f)
{
    char plain[64];
    struct field rest = {plain, 0};
    bool ended = false;
    double v;

    if (field_is_fortran(t, f))
        return true;
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
    return rest.len < f->len && (scan_number(&rest, t->decimal, &v) || field_is_foreign(t, &rest));
}

/* Whether F, which is a number with more than digits, has commas where decimals have a point. */
static inline bool field_has_comma(const struct table *t, const struct field *f)
{
    return t->decimal == '.' && memchr(f->text, ',', (size_t)f->len);
}

#endif
