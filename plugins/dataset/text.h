/* text.h - the bytes of a text file as UTF-8: byte order marks, other encodings, what is no text.
 *
 * Included by the datasets that read text (csv, libsvm). Knows nothing of lines but their
 * numbers for messages.
 */
#ifndef DATASET_TEXT_H
#define DATASET_TEXT_H

#include "fell/plugin.h"
#include "file.h"

enum encoding { ENCODING_UTF8, ENCODING_LATIN1, ENCODING_CP1252 };

#define TEXT_ENCODINGS "utf8|latin1|cp1252"

/* Bytes 0x80 to 0x9f of Windows-1252, as code points; 0: none is assigned. */
static const uint16_t text_cp1252[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                         0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                         0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                         0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/* The length of the UTF-8 sequence at P (RFC 3629), 0 if it is none. P ends in a NUL. */
static inline size_t text_utf8_length(const unsigned char *p)
{
    const size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : 4;

    if (*p < 0x80)
        return 1;
    if (*p < 0xc2 || *p > 0xf4)
        return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
        (*p == 0xf4 && p[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* The line, from 1, that byte AT of TEXT is in: lines end in LF, CRLF or CR. */
static inline long long text_line(const char *text, size_t at)
{
    long long line = 1;

    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    return line;
}

static inline fell_status text_refuse_utf8(fell_ctx *ctx, const char *file, const char *text, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t i = 0, length; i < n; i += length) {
        length = text_utf8_length(bytes + i);
        if (!length)
            return fell_fail(ctx,
                             "path: %s:%lld: byte 0x%02x is not UTF-8; save the file as UTF-8, or say "
                             "encoding: latin1 (or cp1252, of Windows)",
                             file, text_line(text, i), bytes[i]);
        if (length == 3 && !memcmp(text + i, "\xef\xbb\xbf", 3))
            return fell_fail(ctx,
                             "path: %s:%lld: a byte order mark stands in line %lld, where none belongs (were "
                             "two files joined?); remove its three bytes, EF BB BF",
                             file, text_line(text, i), text_line(text, i));
    }
    return FELL_OK;
}

/* *TEXT [*N] in one byte a character becomes UTF-8, in new memory. */
static inline fell_status text_widen(fell_ctx *ctx, const char *path, int32_t encoding, char **text,
                                     size_t *n)
{
    const unsigned char *from = (const unsigned char *)*text;
    char *to = malloc(3 * *n + 1);
    size_t k = 0;

    if (!to)
        return file_out_of_memory(ctx, "path", path);
    for (size_t i = 0; i < *n; i++) {
        const bool control = from[i] >= 0x80 && from[i] < 0xa0;
        const unsigned c = control && encoding == ENCODING_CP1252 ? text_cp1252[from[i] - 0x80] : from[i];

        if (control && (encoding == ENCODING_LATIN1 || c == 0)) {
            free(to);
            return fell_fail(ctx, "encoding: %s:%lld: byte 0x%02x is no character of %s", file_name(path),
                             text_line(*text, i), from[i],
                             encoding == ENCODING_LATIN1 ? "latin1; is it cp1252, of Windows?" : "cp1252");
        }
        if (c < 0x80) {
            to[k++] = (char)c;
        } else if (c < 0x800) {
            to[k++] = (char)(0xc0 | c >> 6);
            to[k++] = (char)(0x80 | (c & 0x3f));
        } else {
            to[k++] = (char)(0xe0 | c >> 12);
            to[k++] = (char)(0x80 | (c >> 6 & 0x3f));
            to[k++] = (char)(0x80 | (c & 0x3f));
        }
    }
    to[k] = '\0';
    free(*text);
    *text = to;
    *n = k;
    return FELL_OK;
}

/* The file at PATH in *TEXT, the caller's to free also after an error: UTF-8 with a NUL behind it.
 * *BEGIN is where it starts, behind a byte order mark. An empty file is left to the caller (*N is
 * 0, *TEXT may be NULL). Errors, of `path` or `encoding`, with line and byte. */
static inline fell_status text_read(fell_ctx *ctx, const char *path, int32_t encoding, char **text, size_t *n,
                                    char **begin)
{
    const char *const file = file_name(path);
    size_t skip;

    if (file_read(ctx, "path", path, SIZE_MAX, text, n) != FELL_OK)
        return FELL_ERROR;
    if (*n >= 4 && (!memcmp(*text, "\xff\xfe\0\0", 4) || !memcmp(*text, "\0\0\xfe\xff", 4)))
        return fell_fail(ctx, "path: %s is UTF-32; save it as UTF-8", file);
    if (*n >= 2 && (!memcmp(*text, "\xff\xfe", 2) || !memcmp(*text, "\xfe\xff", 2)))
        return fell_fail(ctx, "path: %s is UTF-16; save it as UTF-8", file);
    if (*n && memchr(*text, '\0', *n))
        return fell_fail(ctx, "path: %s is not a text file (it holds zero bytes)", file);
    skip = *n >= 3 && !memcmp(*text, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (encoding != ENCODING_UTF8 && skip)
        return fell_fail(ctx, "encoding: %s begins with the byte order mark of UTF-8; leave encoding out",
                         file);
    if (encoding != ENCODING_UTF8 && *n && text_widen(ctx, path, encoding, text, n) != FELL_OK)
        return FELL_ERROR;
    if (*n && encoding == ENCODING_UTF8 && text_refuse_utf8(ctx, file, *text + skip, *n - skip) != FELL_OK)
        return FELL_ERROR;
    *begin = *text ? *text + skip : NULL;
    return FELL_OK;
}

#endif
