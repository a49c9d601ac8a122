/* frames.c - frames written, packed and read. See frames.h.
 *
 * Knows nothing of what a frame means. The worker packs epochs into one growing
 * buffer, the runner reads them in place from big chunks of the pipe, and the
 * recorder keeps them in the same form until they are stored: an epoch is copied,
 * never allocated for.
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

void frame_append(struct strbuf *out, uint32_t type, uint64_t run, const void *body, size_t size)
{
    struct frame head = {.type = type, .size = (uint32_t)size, .run = run};
    char *p = extend(out, sizeof head + frame_padded(size));

    p = put(p, &head, sizeof head);
    p = put(p, body, size);
    memset(p, 0, frame_padded(size) - size);
}

/* What stands before the arrays of an epoch: [npositions] doubles four times and
 * integers once, then [nmetrics] doubles. */
struct epoch_head {
    int64_t epoch, samples, partial;
    double loss[SPLITS], grad_norm_mean, grad_norm_max, lr, seconds;
    uint64_t npositions, nmetrics;
};

void frame_pack_epoch(struct strbuf *out, uint64_t run, const struct epoch_report *r)
{
    size_t np = r->npositions, nm = r->nmetrics;
    struct epoch_head h = {.epoch = r->epoch,
                           .samples = r->samples,
                           .partial = r->partial,
                           .grad_norm_mean = r->grad_norm_mean,
                           .grad_norm_max = r->grad_norm_max,
                           .lr = r->lr,
                           .seconds = r->seconds,
                           .npositions = np,
                           .nmetrics = nm};
    size_t size = sizeof h + (5 * np + nm) * sizeof(double);
    struct frame head = {.type = FRAME_EPOCH, .size = (uint32_t)size, .run = run};
    char *p = extend(out, sizeof head + size);

    memcpy(h.loss, r->loss, sizeof h.loss);
    p = put(p, &head, sizeof head);
    p = put(p, &h, sizeof h);
    p = put(p, r->tensor_grad_norm_mean, np * sizeof(double));
    p = put(p, r->tensor_grad_norm_max, np * sizeof(double));
    p = put(p, r->weight_norm, np * sizeof(double));
    p = put(p, r->update_norm, np * sizeof(double));
    p = put(p, r->nonfinite, np * sizeof(int64_t));
    for (size_t i = 0; i < nm; i++)
        p = put(p, &r->metrics[i].value, sizeof(double));
}

bool frame_unpack_epoch(const void *body, size_t size, struct metric_value *metrics, size_t nmetrics,
                        struct epoch_report *out)
{
    const struct epoch_head *h = body;
    const double *v = (const double *)(h + 1);
    size_t np, nm;

    if (size < sizeof *h || h->npositions > size || h->nmetrics > size)
        return false;
    np = h->npositions;
    nm = h->nmetrics;
    if (size != sizeof *h + (5 * np + nm) * sizeof(double) || (nm && nm != nmetrics))
        return false;
    *out = (struct epoch_report){.epoch = h->epoch,
                                 .grad_norm_mean = h->grad_norm_mean,
                                 .grad_norm_max = h->grad_norm_max,
                                 .lr = h->lr,
                                 .samples = h->samples,
                                 .seconds = h->seconds,
                                 .npositions = np,
                                 .tensor_grad_norm_mean = v,
                                 .tensor_grad_norm_max = v + np,
                                 .weight_norm = v + 2 * np,
                                 .update_norm = v + 3 * np,
                                 .nonfinite = (const int64_t *)(v + 4 * np),
                                 .nmetrics = nm,
                                 .metrics = metrics,
                                 .partial = h->partial != 0};
    memcpy(out->loss, h->loss, sizeof out->loss);
    for (size_t i = 0; i < nm; i++)
        metrics[i].value = v[5 * np + i];
    return true;
}

/* Before [npositions] doubles. */
struct step_head {
    int64_t step;
    double loss, lr, grad_norm;
    uint64_t npositions;
};

void frame_pack_step(struct strbuf *out, uint64_t run, const struct step_report *r)
{
    struct step_head h = {.step = r->step,
                          .loss = r->loss,
                          .lr = r->lr,
                          .grad_norm = r->grad_norm,
                          .npositions = r->npositions};
    size_t size = sizeof h + r->npositions * sizeof(double);
    struct frame head = {.type = FRAME_STEP, .size = (uint32_t)size, .run = run};
    char *p = extend(out, sizeof head + size);

    p = put(p, &head, sizeof head);
    p = put(p, &h, sizeof h);
    put(p, r->tensor_grad_norm, r->npositions * sizeof(double));
}

bool frame_unpack_step(const void *body, size_t size, struct step_report *out)
{
    const struct step_head *h = body;

    if (size < sizeof *h || h->npositions > size || size != sizeof *h + h->npositions * sizeof(double))
        return false;
    *out = (struct step_report){.step = h->step,
                                .loss = h->loss,
                                .lr = h->lr,
                                .grad_norm = h->grad_norm,
                                .npositions = h->npositions,
                                .tensor_grad_norm = (const double *)(h + 1)};
    return true;
}

enum fill frame_reader_fill(struct frame_reader *r, int fd)
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
