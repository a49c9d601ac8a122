/* safe.c - see safe.h. Knows characters, not what they are for.
 */
#include "base/safe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* ---- which characters ---------------------------------------------------------------- */

/* Unicode 15: controls (Cc), marks and overrides of direction, line and paragraph separators,
 * invisible operators, the byte order mark, interlinear marks, tags. U+200C and U+200D, which
 * scripts need, stay. */
static const struct {
    uint32_t first, last;
} unsafe[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x180e, 0x180e},
    {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f},
};

static bool is_safe(uint32_t c)
{
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe && c >= unsafe[i].first; i++)
        if (c <= unsafe[i].last)
            return false;
    return true;
}

size_t safe_character(const char *p, const char *end, uint32_t *character)
{
    uint32_t c = 0;
    const size_t n = text_character(p, end, &c);

    *character = n && is_safe(c) ? c : '?';
    return n ? n : 1;
}

/* ---- texts ------------------------------------------------------------------------------ */

/* The bytes from P that need no change; line breaks and tabs are among them. */
static size_t plain_bytes(const char *p, const char *end)
{
    const char *from = p;

    while (p < end) {
        uint32_t c = 0;
        const size_t n = text_character(p, end, &c);

        if (!n || (!is_safe(c) && c != '\n' && c != '\t'))
            break;
        p += n;
    }
    return (size_t)(p - from);
}

void safe_add(struct strbuf *out, const char *text, size_t n, const char *instead)
{
    const char *p = text, *end = text + n;

    while (p < end) {
        const size_t plain = plain_bytes(p, end);
        uint32_t c;

        if (plain)
            strbuf_addn(out, p, plain);
        p += plain;
        if (p < end) {
            strbuf_add(out, instead);
            p += safe_character(p, end, &c);
        }
    }
}

void safe_document(struct strbuf *text)
{
    struct strbuf safe = {0};

    if (!text->text || plain_bytes(text->text, text->text + text->len) == text->len)
        return;
    safe_add(&safe, text->text, text->len, "\xef\xbf\xbd");
    strbuf_release(text);
    *text = safe;
}

/* Outside of its strings JSON has no such character, and none is half of an escape. */
void safe_json(struct strbuf *out, const char *json)
{
    const char *p = json, *end = json + strlen(json);

    while (p < end) {
        const size_t plain = plain_bytes(p, end);
        uint32_t c = 0;
        size_t n;

        if (plain)
            strbuf_addn(out, p, plain);
        p += plain;
        if (p == end)
            break;
        n = text_character(p, end, &c);
        if (!n)
            strbuf_add(out, "\\ufffd");
        else if (c < 0x10000)
            strbuf_addf(out, "\\u%04x", (unsigned)c);
        else
            strbuf_addf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                        (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
        p += n ? n : 1;
    }
}

/* ---- streams ---------------------------------------------------------------------------- */

/* A stream hands over what it has in pieces, which may end inside of a character. */
struct outlet {
    FILE *stream;
    int fd;
    char begun[4];
    size_t nbegun;
};
static struct outlet outlets[2];

/* 0, or -1 with errno. */
static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, p, n);

        if (done < 0 && errno != EINTR)
            return -1;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

/* Bytes at the end of TEXT that begin a character which goes on. */
static size_t begun_bytes(const char *text, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        const unsigned char c = (unsigned char)text[n - back];

        if ((c & 0xc0) == 0x80)
            continue;
        return c >= 0xc2 && c <= 0xf4 && (c < 0xe0 ? 2U : c < 0xf0 ? 3U : 4U) > back ? back : 0;
    }
    return 0;
}

/* In any case all of it is taken, or the stream has an error. */
static ssize_t outlet_write(void *cookie, const char *bytes, size_t n)
{
    struct outlet *o = cookie;
    struct strbuf whole = {0}, safe = {0};
    size_t begun;
    int failed;

    strbuf_addn(&whole, o->begun, o->nbegun);
    strbuf_addn(&whole, bytes, n);
    begun = begun_bytes(whole.text, whole.len);
    memcpy(o->begun, whole.text + whole.len - begun, begun);
    o->nbegun = begun;
    safe_add(&safe, whole.text, whole.len - begun, "?");
    failed = safe.len ? write_all(o->fd, safe.text, safe.len) : 0;
    strbuf_release(&whole);
    strbuf_release(&safe);
    return failed ? 0 : (ssize_t)n;
}

/* The descriptor stays open: others may write to it. */
static int outlet_close(void *cookie)
{
    struct outlet *o = cookie;
    const int failed = o->nbegun ? write_all(o->fd, "?", 1) : 0;

    o->nbegun = 0;
    return failed;
}

bool safe_copy(FILE *from, int to)
{
    struct outlet o = {.fd = to};
    char bytes[BUFSIZ];
    size_t n;

    while ((n = fread(bytes, 1, sizeof bytes, from)) > 0)
        if (outlet_write(&o, bytes, n) != (ssize_t)n)
            return false;
    return outlet_close(&o) == 0 && !ferror(from);
}

static FILE *open_outlet(struct outlet *o, int fd, int mode)
{
    o->fd = fd;
    o->stream = fopencookie(o, "w", (cookie_io_functions_t){.write = outlet_write, .close = outlet_close});
    if (o->stream)
        setvbuf(o->stream, NULL, mode, BUFSIZ);
    return o->stream;
}

void safe_streams(void)
{
    FILE *out = open_outlet(&outlets[0], STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    FILE *err = open_outlet(&outlets[1], STDERR_FILENO, _IONBF);

    if (!out || !err)
        mem_failed();
    stdout = out;
    stderr = err;
}

static const struct outlet *outlet_of(FILE *to)
{
    for (size_t i = 0; i < sizeof outlets / sizeof *outlets; i++)
        if (outlets[i].stream && outlets[i].stream == to)
            return &outlets[i];
    return NULL;
}

void safe_control(FILE *to, const char *bytes, size_t n)
{
    const struct outlet *o = outlet_of(to);

    if (!o)
        fwrite(bytes, 1, n, to);
    else if (fflush(to) == 0)
        (void)!write_all(o->fd, bytes, n); /* a reader that went away is noticed at the next text */
}

int safe_fileno(FILE *to)
{
    const struct outlet *o = outlet_of(to);

    return o ? o->fd : fileno(to);
}
