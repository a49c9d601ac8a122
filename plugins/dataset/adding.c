/* adding.c - the sum of two marked numbers of a long sequence: a test of memory. */
#include <stdlib.h>

#include "fell/plugin.h"

struct settings {
    int64_t rows, length;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 1000, 1, 1LL << 31, 0,
             "Number of rows, drawn from the seed; at least 1."),
    FELL_INT(struct settings, length, 100, 2, 1 << 24, 0, "Steps of a row, at least 2."),
};

/* self: [rows,length + 2] the numbers, then where the marks are. */
static fell_status open_sums(fell_data_info *info)
{
    const struct settings *s = info->settings;
    const int64_t n = s->length + 2, half = s->length / 2;
    float *x;

    if (info->wanted == FELL_CLASSES)
        return fell_fail(info->ctx, "its targets are values; the loss takes classes");
    x = malloc((size_t)s->rows * (size_t)n * sizeof *x);
    if (!x)
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    fell_uniform(info->ctx, x, s->rows * n);
    for (int64_t i = 0; i < s->rows; i++) {
        float *mark = x + i * n + s->length;

        mark[0] = (float)(int64_t)((double)mark[0] * (double)half);
        mark[1] = (float)(half + (int64_t)((double)mark[1] * (double)(s->length - half)));
    }
    info->self = x;
    info->rows = s->rows;
    info->x = fell_mat(s->length, 2);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    return FELL_OK;
}

static fell_status read_sums(fell_read_call *c)
{
    const struct settings *s = c->settings;

    for (int64_t i = 0; i < c->n; i++) {
        const float *from = (const float *)c->self + c->row[i] * (s->length + 2);
        const int64_t a = (int64_t)from[s->length], b = (int64_t)from[s->length + 1];
        float *x = c->x + 2 * s->length * i;

        for (int64_t t = 0; t < s->length; t++) {
            x[2 * t] = from[t];
            x[2 * t + 1] = t == a || t == b ? 1.0f : 0.0f;
        }
        if (c->target)
            c->target[i] = from[a] + from[b];
    }
    return FELL_OK;
}

static const fell_dataset adding = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "adding",
        "Sequences of random numbers, two of them marked; the target is the sum of these two.\n\n"
        "A row [length, 2]: at each step a number uniform in [0, 1) and a mark, 1 at one step of the first\n"
        "half and at one of the second, else 0. Always answering 1 has a mean squared error of 1/6.\n"
        "S. Hochreiter and J. Schmidhuber, \"Long short-term memory\", 1997, experiment 4, in the form of\n"
        "M. Arjovsky, A. Shah and Y. Bengio, \"Unitary evolution recurrent neural networks\", 2016.",
        struct settings, params),
    open_sums, read_sums, free};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &adding.item);
