/* frames.c - frames written and read. See frames.h.
 *
 * Knows nothing of what a body means. The worker gathers frames in one growing buffer, and the
 * runner reads them in place from big chunks of the pipe.
 */
#include "record/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, LARGEST = 1 << 30 };

size_t frame_padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

status frame_write(int fd, uint32_t type, uint64_t run, const void *body, size_t size, struct error *err)
{
    struct frame head = {.type = type, .size = (uint32_t)size, .run = run};
    char zeros[8] = {0};
    struct iovec part[3] = {{.iov_base = &head, .iov_len = sizeof head},
                            {.iov_base = (void *)(uintptr_t)body, .iov_len = size},
                            {.iov_base = zeros, .iov_len = frame_padded(size) - size}};
    struct iovec *p = part, *last = part + 3;

    if (size > LARGEST)
        return error_set(err, "a message of %zu bytes is too large", size);
    while (p < last) {
        ssize_t n = writev(fd, p, (int)(last - p));

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return error_set(err, "cannot write to the pipe: %s", strerror(errno));
        }
        while (p < last && (size_t)n >= p->iov_len)
            n -= (ssize_t)p++->iov_len;
        if (p < last) {
            p->iov_base = (char *)p->iov_base + n;
            p->iov_len -= (size_t)n;
        }
    }
    return OK;
}

/* All of N bytes; false with *got < n at the end of the file. */
static bool read_all(int fd, void *to, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n) {
        ssize_t k = read(fd, (char *)to + *got, n - *got);

        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        *got += (size_t)k;
    }
    return true;
}

status frame_read(int fd, struct frame *head, struct strbuf *buf, struct error *err)
{
    size_t got, padded;

    if (!read_all(fd, head, sizeof *head, &got)) {
        if (got)
            return error_set(err, "the pipe ended inside a message");
        err->text[0] = 0;
        return FAILED;
    }
    if (head->size > LARGEST)
        return error_set(err, "a message of %u bytes makes no sense", head->size);
    padded = frame_padded(head->size);
    if (buf->room < padded + 1) {
        buf->text = mem_grow(buf->text, padded + 1, 1);
        buf->room = padded + 1;
    }
    if (!read_all(fd, buf->text, padded, &got))
        return error_set(err, "the pipe ended inside a message");
    buf->len = head->size;
    buf->text[buf->len] = 0;
    return OK;
}

/* Room for N more bytes at the end of OUT, which now has them. */
static char *extend(struct strbuf *out, size_t n)
{
    char *p;

    if (out->room - out->len < n + 1) {
        out->room = (out->len + n + 1) * 2;
        out->text = mem_grow(out->text, out->room, 1);
    }
    p = out->text + out->len;
    out->len += n;
    return p;
}

static char *put(char *p, const void *from, size_t n)
{
    if (n)
        memcpy(p, from, n);
    return p + n;
}

char *frame_begin(struct strbuf *out, uint32_t type, uint64_t run, size_t size)
{
    const struct frame head = {.type = type, .size = (uint32_t)size, .run = run};

    return put(extend(out, sizeof head + frame_padded(size)), &head, sizeof head);
}

void frame_append(struct strbuf *out, uint32_t type, uint64_t run, const void *body, size_t size)
{
    char *p = put(frame_begin(out, type, run, size), body, size);

    memset(p, 0, frame_padded(size) - size);
}

enum frame_fill frame_reader_fill(struct frame_reader *r, int fd)
{
    ssize_t n;

    if (r->begin) { /* a begun frame moves to the front: whole frames end at multiples of 8 */
        memmove(r->buf, r->buf + r->begin, r->end - r->begin);
        r->end -= r->begin;
        r->begin = 0;
    }
    if (r->room - r->end < CHUNK / 2) {
        r->room = r->end + CHUNK;
        r->buf = mem_grow(r->buf, r->room, 1);
    }
    do
        n = read(fd, r->buf + r->end, r->room - r->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? FILL_NOTHING : FILL_ERROR;
    r->end += (size_t)n;
    return n ? FILL_MORE : FILL_END;
}

const struct frame *frame_reader_next(struct frame_reader *r, const char **body, bool *broken)
{
    const struct frame *head;
    size_t whole;

    *broken = false;
    if (r->end - r->begin < sizeof *head)
        return NULL;
    head = (const struct frame *)(const void *)(r->buf + r->begin);
    if (head->type < FRAME_CHECK || head->type > FRAME_CRASH || head->size > LARGEST) {
        *broken = true;
        return NULL;
    }
    whole = sizeof *head + frame_padded(head->size);
    if (r->end - r->begin < whole)
        return NULL;
    *body = (const char *)(head + 1);
    r->begin += whole;
    return head;
}

void frame_reader_release(struct frame_reader *r)
{
    free(r->buf);
    *r = (struct frame_reader){0};
}
