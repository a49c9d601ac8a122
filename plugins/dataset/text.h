/* text.h - the bytes of a text file as UTF-8, window by window: byte order marks, other encodings, what is no
 * text.
 *
 * Included by the datasets that read text (csv, libsvm). Knows nothing of lines but their
 * numbers for messages.
 */
#ifndef DATASET_TEXT_H
#define DATASET_TEXT_H

#include <sys/stat.h>

#include "fell/plugin.h"
#include "file.h"
#include "other_files.h"

enum encoding { ENCODING_UTF8, ENCODING_LATIN1, ENCODING_CP1252 };

#define TEXT_ENCODINGS    "utf8|latin1|cp1252"
#define TEXT_ENCODING_DOC "How the file writes its characters."

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

/* How long a sequence is whose first byte is LEAD. */
static inline size_t text_utf8_wanted(unsigned char lead)
{
    return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

/* The line, from 1, that byte AT of TEXT is in: lines end in LF, CRLF or CR. */
static inline long long text_line(const char *text, size_t at)
{
    long long line = 1;

    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    return line;
}

/* A file of text, window by window. */
struct text {
    fell_ctx *ctx;
    const char *path;
    int32_t encoding;
    gzFile file;
    struct stat about; /* the file when it was opened */
    char *bytes;       /* [n] the window, UTF-8 with a NUL behind it */
    size_t n, room;
    unsigned char part[4]; /* [parts] of a character that the window cuts */
    size_t parts;
    bool begun, end; /* the first bytes are there; so are the last */
};

static inline void text_close(struct text *t)
{
    if (t->file)
        gzclose(t->file);
    free(t->bytes);
    t->file = NULL;
    t->bytes = NULL;
}

/* The text has not begun then: text_more(). text_close() also after an error. */
static inline fell_status text_open(struct text *t, fell_ctx *ctx, const char *path, int32_t encoding)
{
    *t = (struct text){.ctx = ctx, .path = path, .encoding = encoding};
    if (file_open(ctx, "path", path, &t->file) != FELL_OK)
        return FELL_ERROR;
    if (stat(path, &t->about) != 0)
        return fell_fail(ctx, "path: cannot read %s: %s", path, strerror(errno));
    return FELL_OK;
}

static inline fell_status text_changed(const struct text *t)
{
    return fell_fail(t->ctx, "path: %s was changed while it was read", file_name(t->path));
}

/* From the beginning once more. Errors: the file was changed. */
static inline fell_status text_rewind(struct text *t)
{
    const struct stat *then = &t->about;
    struct stat now;

    if (stat(t->path, &now) != 0 || now.st_size != then->st_size || now.st_ino != then->st_ino ||
        now.st_mtim.tv_sec != then->st_mtim.tv_sec || now.st_mtim.tv_nsec != then->st_mtim.tv_nsec)
        return text_changed(t);
    if (gzrewind(t->file) != 0)
        return fell_fail(t->ctx, "path: cannot read %s: %s", t->path, strerror(errno));
    t->n = t->parts = 0;
    t->begun = t->end = false;
    return FELL_OK;
}

/* What the first bytes, at P, say: another encoding, or a byte order mark, whose length is *SKIP. */
static inline fell_status text_look_at_begin(const struct text *t, const char *p, size_t n, size_t *skip)
{
    const char *const file = file_name(t->path), *const like = file_likeness(p, n);

    if (n >= 4 && (!memcmp(p, "\xff\xfe\0\0", 4) || !memcmp(p, "\0\0\xfe\xff", 4)))
        return fell_fail(t->ctx, "path: %s is UTF-32; save it as UTF-8", file);
    if (n >= 2 && (!memcmp(p, "\xff\xfe", 2) || !memcmp(p, "\xfe\xff", 2)))
        return fell_fail(t->ctx, "path: %s is UTF-16; save it as UTF-8", file);
    if (n >= 4 && !memcmp(p, "PK\3\4", 4))
        return fell_fail(
            t->ctx,
            "path: %s is a ZIP archive, as spreadsheets (.xlsx, .ods) are; save the sheet as CSV, "
            "or unpack it",
            file);
    if (like && (!memcmp(p, "PAR1", 4) || (unsigned char)*p < ' ' || (unsigned char)*p > '~'))
        return fell_fail(t->ctx, "path: %s is no text, but %s", file, like);
    *skip = n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (t->encoding != ENCODING_UTF8 && *skip)
        return fell_fail(t->ctx, "encoding: %s begins with the byte order mark of UTF-8; leave encoding out",
                         file);
    return FELL_OK;
}

/* Bytes FROM to HAVE of the window are UTF-8, but for a character that is cut, which is put aside. LINE is
 * that of the window's first byte. */
static inline fell_status text_check_utf8(struct text *t, size_t from, size_t have, int64_t line)
{
    const unsigned char *bytes = (const unsigned char *)t->bytes;

    for (size_t i = from, length; i < have; i += length) {
        length = text_utf8_length(bytes + i);
        if (!length && !t->end && have - i < text_utf8_wanted(bytes[i])) {
            t->parts = have - i;
            memcpy(t->part, bytes + i, t->parts);
            have = i;
            break;
        }
        if (!length)
            return fell_fail(t->ctx,
                             "path: %s:%lld: byte 0x%02x is not UTF-8; save the file as UTF-8, or say "
                             "encoding: latin1 (or cp1252, of Windows)",
                             file_name(t->path), line + text_line(t->bytes, i) - 1, bytes[i]);
        if (length == 3 && !memcmp(bytes + i, "\xef\xbb\xbf", 3))
            return fell_fail(t->ctx,
                             "path: %s:%lld: a byte order mark stands in line %lld, where none belongs (were "
                             "two files joined?); remove its three bytes, EF BB BF",
                             file_name(t->path), line + text_line(t->bytes, i) - 1,
                             line + text_line(t->bytes, i) - 1);
    }
    t->n = have;
    t->bytes[have] = '\0';
    return FELL_OK;
}

/* RAW [n], in one byte a character, becomes UTF-8 behind the window, which has room for it. */
static inline fell_status text_widen(struct text *t, const unsigned char *raw, size_t n, int64_t line)
{
    char *to = t->bytes + t->n;

    for (size_t i = 0; i < n; i++) {
        const bool control = raw[i] >= 0x80 && raw[i] < 0xa0;
        const unsigned c = control && t->encoding == ENCODING_CP1252 ? text_cp1252[raw[i] - 0x80] : raw[i];

        if (control && (t->encoding == ENCODING_LATIN1 || c == 0)) {
            *to = '\0';
            return fell_fail(t->ctx, "encoding: %s:%lld: byte 0x%02x is no character of %s",
                             file_name(t->path), line + text_line(t->bytes, (size_t)(to - t->bytes)) - 1,
                             raw[i],
                             t->encoding == ENCODING_LATIN1 ? "latin1; is it cp1252, of Windows?" : "cp1252");
        }
        if (c < 0x80) {
            *to++ = (char)c;
        } else if (c < 0x800) {
            *to++ = (char)(0xc0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3f));
        } else {
            *to++ = (char)(0xe0 | c >> 12);
            *to++ = (char)(0x80 | (c >> 6 & 0x3f));
            *to++ = (char)(0x80 | (c & 0x3f));
        }
    }
    t->n = (size_t)(to - t->bytes);
    *to = '\0';
    return FELL_OK;
}

/* Room for a piece of the file, thrice in another encoding, and some more. */
static inline bool text_room(struct text *t)
{
    const size_t wanted = t->n + 3 * FILE_CHUNK + sizeof t->part + 1;
    char *larger;

    if (t->room >= wanted)
        return true;
    larger = realloc(t->bytes, 2 * wanted);
    if (!larger)
        return false;
    t->bytes = larger;
    t->room = 2 * wanted;
    return true;
}

/* The window goes on: what is before its byte KEEP is forgotten, a piece of the file comes behind the rest.
 * LINE is that of byte KEEP. Errors, of `path` or `encoding`, with line and byte. */
static inline fell_status text_more(struct text *t, size_t keep, int64_t line)
{
    const bool begins = !t->begun, other = t->encoding != ENCODING_UTF8;
    size_t have, skip = 0;
    char *raw;
    int got;

    if (keep)
        memmove(t->bytes, t->bytes + keep, t->n - keep);
    t->n -= keep;
    if (!text_room(t))
        return file_out_of_memory(t->ctx, "path", t->path);
    /* In another encoding the bytes lie behind what they become. */
    raw = t->bytes + t->n + (other ? 2 * FILE_CHUNK : 0);
    if (!other)
        memcpy(raw, t->part, t->parts);
    have = other ? 0 : t->parts;
    t->parts = 0;
    errno = 0;
    got = gzread(t->file, raw + have, (unsigned)FILE_CHUNK);
    t->end = got < (int)FILE_CHUNK;
    if (t->end && file_check(t->ctx, "path", t->path, t->file) != FELL_OK)
        return FELL_ERROR;
    have += got > 0 ? (size_t)got : 0;
    raw[have] = '\0';
    t->begun = true;
    if (begins && text_look_at_begin(t, raw, have, &skip) != FELL_OK)
        return FELL_ERROR;
    if (memchr(raw, '\0', have))
        return fell_fail(t->ctx, "path: %s is not a text file (it holds zero bytes)", file_name(t->path));
    if (other)
        return text_widen(t, (const unsigned char *)raw, have, line);
    memmove(raw, raw + skip, have - skip + 1);
    return text_check_utf8(t, t->n, t->n + have - skip, line);
}

/* The file at PATH in *TEXT, the caller's to free also after an error: UTF-8 with a NUL behind it, and
 * without a byte order mark. An empty file is left to the caller (*N is 0). Errors as of text_more(). */
static inline fell_status text_read(fell_ctx *ctx, const char *path, int32_t encoding, char **text, size_t *n)
{
    struct text t;
    fell_status result = text_open(&t, ctx, path, encoding);

    while (result == FELL_OK && !t.end)
        result = text_more(&t, 0, 1);
    *text = t.bytes;
    *n = t.n;
    t.bytes = NULL;
    text_close(&t);
    return result;
}

#endif
