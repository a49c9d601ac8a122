/* parity.c - whether an odd number of some bits is set, among bits that say nothing. */
#include <stdlib.h>

#include "fell/plugin.h"

struct settings {
    int64_t rows, bits, relevant;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 1000, 0, 1LL << 31, 0,
             "Number of rows, drawn from the seed; 0: each of the 2^bits once, in order (at most 24 bits)."),
    FELL_INT(struct settings, bits, 20, 1, 1 << 20, 0, "Length of a row, at least 1."),
    FELL_INT(struct settings, relevant, 3, 1, 1 << 20, 0,
             "How many bits count, the first ones; at least 1, at most all."),
};

/* self: [rows,bits] of 0 and 1, NULL where every row is there: then row i is the number i, its last bit
 * the lowest. */
static fell_status open_bits(fell_data_info *info)
{
    const struct settings *s = info->settings;
    float draw[1024];
    uint8_t *bit;

    if (s->relevant > s->bits)
        return fell_fail(info->ctx, "relevant: %lld of %lld bits cannot count", (long long)s->relevant,
                         (long long)s->bits);
    if (!s->rows && s->bits > 24)
        return fell_fail(info->ctx,
                         "rows: all rows of %lld bits are too many; say how many are drawn, as 1000",
                         (long long)s->bits);
    info->rows = s->rows ? s->rows : (int64_t)1 << s->bits;
    info->x = fell_vec(s->bits);
    info->target = fell_vec(1);
    info->is = info->wanted == FELL_VALUES ? FELL_VALUES : FELL_CLASSES;
    info->nclasses = 2;
    info->self = NULL;
    if (!s->rows)
        return FELL_OK;
    bit = malloc((size_t)s->rows * (size_t)s->bits);
    if (!bit)
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    for (int64_t i = 0, n = s->rows * s->bits; i < n; i++) {
        if (i % 1024 == 0)
            fell_uniform(info->ctx, draw, n - i < 1024 ? n - i : 1024);
        bit[i] = draw[i % 1024] >= 0.5f;
    }
    info->self = bit;
    return FELL_OK;
}

static fell_status read_bits(fell_read_call *c)
{
    const struct settings *s = c->settings;
    const uint8_t *bit = c->self;

    for (int64_t i = 0; i < c->n; i++) {
        int32_t odd = 0;

        for (int64_t j = 0; j < s->bits; j++) {
            const int set = bit ? bit[c->row[i] * s->bits + j] : (int)(c->row[i] >> (s->bits - 1 - j) & 1);

            c->x[i * s->bits + j] = set ? 1.0f : -1.0f;
            odd ^= j < s->relevant && set;
        }
        if (c->target)
            c->target[i] = (float)odd;
        if (c->label)
            c->label[i] = odd;
    }
    return FELL_OK;
}

static const fell_dataset parity = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "parity",
        "Bits as -1 and 1, and whether an odd number of the first few is 1: a sparse parity.\n\n"
        "target = x_1 xor ... xor x_k of k relevant bits, the others being noise, as two classes or as\n"
        "values 0 and 1. No subset of fewer than k bits tells anything, so that nets learn it late and at\n"
        "once. B. Barak et al., \"Hidden progress in deep learning: SGD learns parities near the\n"
        "computational limit\", 2022.",
        struct settings, params),
    open_bits, read_bits, free};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &parity.item);
