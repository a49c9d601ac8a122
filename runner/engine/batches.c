/* batches.c - see batches.h. Used by train.c for steps and for evaluation; reads no files and knows no net.
 */
#include "engine/batches.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

enum { LINE = 64 };

/* Whether some batch starts inside a cache line, so that it must be copied. */
static bool some_unaligned(int64_t rows, int64_t size, int64_t floats)
{
    return rows > size && (size * floats * (int64_t)sizeof(float)) % LINE != 0;
}

status batches_init(struct batches *b, const struct data *data, enum split split, int64_t size, bool shuffle,
                    struct error *err)
{
    const struct rows *rows = &data->split[split];
    bool copies;

    *b = (struct batches){

        .rows = rows, .x_size = data_row_size(data, split), .target_size = data->target_size, .size = size};
    if (shuffle && rows->n > size) {
        b->order = mem_array((size_t)rows->n, sizeof *b->order);
    }
    copies = b->order != NULL;
    if (copies || some_unaligned(rows->n, size, b->x_size)) {
        b->x = mem_try_aligned((size_t)size, (size_t)b->x_size * sizeof *b->x);
        if (!b->x)
            return error_set(err, "no memory for a batch of %lld rows", (long long)size);
    }
    if (copies || some_unaligned(rows->n, size, b->target_size)) {
        void *p = mem_try_aligned((size_t)size, (size_t)b->target_size * sizeof *b->target);

        if (!p)
            return error_set(err, "no memory for a batch of %lld targets", (long long)size);
        if (rows->label)
            b->label = p;
        else
            b->target = p;
    }
    if (b->order && rows->weight)
        b->weight = mem_array((size_t)size, sizeof *b->weight);
    return OK;
}

void batches_release(struct batches *b)
{
    free(b->order);
    free(b->x);
    free(b->target);
    free(b->label);
    free(b->weight);
    *b = (struct batches){0};
}

void batches_begin(struct batches *b, uint64_t seed, int64_t epoch)
{
    b->at = 0;
    if (b->order) {
        struct rng_stream stream = rng_stream(seed, RNG_SHUFFLE, 0, (uint64_t)epoch);

        for (int64_t i = 0; i < b->rows->n; i++)
            b->order[i] = i;
        rng_shuffle(&stream, b->order, b->rows->n);
    }
}

/* Rows of BYTES from FROM in ORDER. Inlined with a constant for narrow rows, where a call
 * of memcpy() would cost more than the copy. */
static inline __attribute__((always_inline)) void copy_rows(char *to, const char *from, const int64_t *order,
                                                            int64_t n, size_t bytes)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * bytes, from + (size_t)order[i] * bytes, bytes);
}

/* Wide rows lie anywhere in a large table: the start of the next but one is fetched while
 * this one is copied; the processor finds the rest of a row itself. */
static void copy_wide_rows(char *to, const char *from, const int64_t *order, int64_t n, size_t bytes)
{
    enum { AHEAD = 2, MOST = 1024 };

    for (int64_t i = 0; i < n; i++) {
        const char *next = from + (size_t)order[i + AHEAD < n ? i + AHEAD : i] * bytes;

        for (size_t at = 0; at < bytes && at < MOST; at += LINE)
            __builtin_prefetch(next + at);
        memcpy(to + (size_t)i * bytes, from + (size_t)order[i] * bytes, bytes);
    }
}

static void gather(char *to, const char *from, const int64_t *order, int64_t n, size_t bytes)
{
    switch (bytes) {
    case 4:
        copy_rows(to, from, order, n, 4);
        break;
    case 8:
        copy_rows(to, from, order, n, 8);
        break;
    case 16:
        copy_rows(to, from, order, n, 16);
        break;
    default:
        copy_wide_rows(to, from, order, n, bytes);
        break;
    }
}

/* N rows of SIZE 4-byte values from row AT of the epoch: where they lie, or gathered
 * into BUFFER. */
static const void *rows_at(const struct batches *b, const void *values, void *buffer, int64_t n, int64_t size)
{
    const size_t bytes = (size_t)size * 4;
    const char *here = (const char *)values + (size_t)b->at * bytes;

    if (b->order)
        gather(buffer, values, b->order + b->at, n, bytes);
    else if ((uintptr_t)here % LINE == 0)
        return here;
    else
        memcpy(buffer, here, (size_t)n * bytes);
    return buffer;
}

bool batches_next(struct batches *b, struct batch *out)
{
    const struct rows *rows = b->rows;
    int64_t left = rows->n - b->at, n = left < b->size ? left : b->size;

    if (n <= 0)
        return false;
    out->n = n;
    out->at = b->at;
    out->x = rows_at(b, rows->x, b->x, n, b->x_size);
    out->target = rows->target ? rows_at(b, rows->target, b->target, n, b->target_size) : NULL;
    out->label = rows->label ? rows_at(b, rows->label, b->label, n, b->target_size) : NULL;
    out->weight = rows->weight ? rows->weight + b->at : NULL;
    if (b->order && rows->weight) {
        gather((char *)b->weight, (const char *)rows->weight, b->order + b->at, n, sizeof *b->weight);
        out->weight = b->weight;
    }
    b->at += n;
    return true;
}
