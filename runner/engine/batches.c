/* batches.c - see batches.h. Reads no files and knows no net. */
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
                    int64_t steps, struct error *err)
{
    const struct rows *rows = &data->split[split];
    bool copies;

    *b = (struct batches){.rows = rows,
                          .x_size = data_row_size(data, split),
                          .target_size = data->target_size,
                          .size = size,
                          .steps = steps};
    if (shuffle && rows->n > size) {
        b->order = mem_array((size_t)rows->n, sizeof *b->order);
    }
    copies = b->order || rows->step;
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

/* An order depends on the seed and the pass alone: whoever comes in the middle has it, too. */
static void begin_pass(struct batches *b, uint64_t seed, int64_t pass)
{
    const bool known = b->pass == pass && b->seed == seed;

    b->at = 0;
    b->pass = pass;
    b->seed = seed;
    if (b->order && !known) {
        struct rng_stream stream = rng_stream(seed, RNG_SHUFFLE, 0, (uint64_t)pass);

        for (int64_t i = 0; i < b->rows->n; i++)
            b->order[i] = i;
        rng_shuffle(&stream, b->order, b->rows->n);
    }
}

void batches_begin(struct batches *b, uint64_t seed, int64_t epoch)
{
    const int64_t each = (b->rows->n - 1) / b->size + 1, first = (epoch - 1) * b->steps;

    begin_pass(b, seed, b->steps ? first / each + 1 : epoch);
    b->at = first % each * b->size;
    b->left = b->steps;
    b->done = 0;
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

/* Windows of a series, which lie anywhere in it. */
static void gather_windows(const struct batches *b, char *to, const char *from, int64_t n, int64_t size)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = b->order ? b->order[b->at + i] : b->at + i;

        memcpy(to + (size_t)(i * size) * 4, from + (size_t)rows_at(b->rows, row, size) * 4, (size_t)size * 4);
    }
}

/* N rows of SIZE 4-byte values from row AT of the pass: where they lie, or gathered
 * into BUFFER. */
static const void *batch_rows(const struct batches *b, const void *values, void *buffer, int64_t n,
                              int64_t size)
{
    const size_t bytes = (size_t)size * 4;
    const char *here = (const char *)values + (size_t)b->at * bytes;

    if (b->rows->step)
        gather_windows(b, buffer, values, n, size);
    else if (b->order)
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
    int64_t left, n;

    if (b->steps ? b->left-- <= 0 : b->at >= rows->n)
        return false;
    if (b->at >= rows->n)
        begin_pass(b, b->seed, b->pass + 1);
    left = rows->n - b->at;
    n = left < b->size ? left : b->size;
    out->n = n;
    out->at = b->done;
    out->x = batch_rows(b, rows->x, b->x, n, b->x_size);
    out->target = rows->target ? batch_rows(b, rows->target, b->target, n, b->target_size) : NULL;
    out->label = rows->label ? batch_rows(b, rows->label, b->label, n, b->target_size) : NULL;
    out->weight = rows->weight ? rows->weight + b->at : NULL;
    if (b->order && rows->weight) {
        gather((char *)b->weight, (const char *)rows->weight, b->order + b->at, n, sizeof *b->weight);
        out->weight = b->weight;
    }
    b->at += n;
    b->done += n;
    return true;
}
