/* copy.c - words to be said again after a pause: a test of memory. */
#include <stdlib.h>

#include "fell/plugin.h"

struct settings {
    int64_t rows, symbols, length, delay;
    bool one_hot;
};

static const fell_param params[] = {
    FELL_INT(struct settings, rows, 1000, 1, 1LL << 31, 0,
             "Number of rows, drawn from the seed; at least 1."),
    FELL_INT(struct settings, symbols, 8, 1, 1 << 16, 0, "How many symbols there are, at least 1."),
    FELL_INT(struct settings, length, 10, 1, 1 << 20, 0,
             "How many symbols are to be remembered, at least 1."),
    FELL_INT(struct settings, delay, 100, 1, 1 << 24, 0,
             "Steps from the last symbol to the sign that asks for them, at least 1."),
    FELL_BOOL(
        struct settings, one_hot, false,
        "Give each step as symbols + 2 numbers with one 1 instead of as a whole number, true or false."),
};

/* Steps of a row: the symbols, delay - 1 blanks, the sign, and blanks while they are said. */
static int64_t steps(const struct settings *s)
{
    return 2 * s->length + s->delay;
}

/* self: [rows,length] symbols */
static fell_status open_copy(fell_data_info *info)
{
    const struct settings *s = info->settings;
    float *symbol;

    if (info->wanted == FELL_VALUES)
        return fell_fail(info->ctx, "its targets are classes, a symbol a step; the loss takes values");
    symbol = malloc((size_t)s->rows * (size_t)s->length * sizeof *symbol);
    if (!symbol)
        return fell_fail(info->ctx, "rows: there is not enough memory for %lld", (long long)s->rows);
    fell_uniform(info->ctx, symbol, s->rows * s->length);
    for (int64_t i = 0; i < s->rows * s->length; i++)
        symbol[i] = (float)(int64_t)((double)symbol[i] * (double)s->symbols);
    info->self = symbol;
    info->rows = s->rows;
    info->x = s->one_hot ? fell_mat(steps(s), s->symbols + 2) : fell_vec(steps(s));
    info->target = fell_vec(steps(s));
    info->is = FELL_CLASSES;
    info->nclasses = s->symbols + 1;
    info->vocabulary = s->one_hot ? 0 : s->symbols + 2;
    return FELL_OK;
}

static fell_status read_copy(fell_read_call *c)
{
    const struct settings *s = c->settings;
    const int64_t t = steps(s), width = s->one_hot ? s->symbols + 2 : 1;

    for (int64_t i = 0; i < c->n; i++) {
        const float *symbol = (const float *)c->self + c->row[i] * s->length;
        float *x = c->x + i * t * width;

        if (s->one_hot)
            memset(x, 0, (size_t)(t * width) * sizeof *x);
        for (int64_t j = 0; j < t; j++) {
            const int64_t in = j < s->length                   ? (int64_t)symbol[j]
                               : j == s->length + s->delay - 1 ? s->symbols + 1
                                                               : s->symbols;

            if (s->one_hot)
                x[j * width + in] = 1.0f;
            else
                x[j] = (float)in;
            if (c->label)
                c->label[i * t + j] =
                    j < t - s->length ? (int32_t)s->symbols : (int32_t)symbol[j - (t - s->length)];
        }
    }
    return FELL_OK;
}

static const fell_dataset copy = {
    FELL_ITEM(
        FELL_KIND_DATASET, fell_dataset, "copy",
        "Symbols at the beginning of a sequence, to be said again at its end.\n\n"
        "A row of 2 length + delay steps: the symbols, numbers from 0; blanks (the number symbols); a sign\n"
        "(symbols + 1) delay steps after the last symbol; blanks. The target of each step is a class:\n"
        "blank until the last length steps, which are the symbols. S. Hochreiter and J. Schmidhuber, \"Long\n"
        "short-term memory\", 1997, in the form of M. Arjovsky, A. Shah and Y. Bengio, \"Unitary evolution\n"
        "recurrent neural networks\", 2016, section 5.1.",
        struct settings, params),
    open_copy, read_copy, free};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &copy.item);
