/* impute.c - values for what is missing in a table.
 *
 * A dataset of a table gives NaN where a field stands for nothing: one for a number, one for each word
 * of a category. Fitted on the training rows alone. Comes first among the transforms.
 */
#include <stdlib.h>

#include "fell/plugin.h"

struct impute {
    int32_t number, category;
    bool indicator;
};

enum { MEDIAN, MEAN };
enum { KEY_BYTES = 8, DIGITS = 256, MEDIAN_KEPT = 2 * (DIGITS + 2) };
enum { OWN, MOST_FREQUENT };

static const fell_param params[] = {
    FELL_ENUM(struct impute, number, "median", "median|mean",
              "What stands for a missing number: the median or the mean of its column."),
    FELL_ENUM(struct impute, category, "own", "own|most_frequent",
              "What stands for a missing word: a word of its own, or the most frequent one."),
    FELL_BOOL(
        struct impute, indicator, false,
        "Whether each number with missing values gets a further input at the end, 1 where it is missing."),
};

static const fell_tensor tensors[] = {
    {"fill", "What stands for a missing value, of each column.", "zeros", FELL_STATE},
};

/* The columns of a table; of other rows each position is a number that may be missing. */
static int64_t columns(const fell_plan *p)
{
    return p->ncolumns ? p->ncolumns : fell_size(&p->in[0]);
}

static fell_column column_at(const fell_plan *p, int64_t k)
{
    const fell_column number = {.is = FELL_NUMBER, .at = k, .width = 1, .missing = 1};

    return p->ncolumns ? p->column[k] : number;
}

static bool gets_own(const struct impute *s, const fell_column *c)
{
    return c->is == FELL_CATEGORY && s->category == OWN && c->missing > 0;
}

/* A category that is embedded has the place of its word, and a further place for what is missing. */
static bool gets_place(const struct impute *s, const fell_column *c)
{
    return c->is == FELL_INDEX && s->category == OWN && c->missing > 0;
}

static bool gets_indicator(const struct impute *s, const fell_column *c)
{
    return s->indicator && c->is == FELL_NUMBER && c->missing > 0;
}

/* What is kept of numbers, before the words that are counted. */
static int64_t kept_of_numbers(const fell_plan *p)
{
    return fell_size(&p->in[0]) * (((const struct impute *)p->settings)->number == MEDIAN ? MEDIAN_KEPT : 2);
}

static fell_status plan(fell_plan *p)
{
    const struct impute *s = p->settings;
    int64_t width = 0, indicators = 0, words = 0;

    if (p->in[0].rank != 1)
        return fell_fail(p->ctx, "rows must be vectors, not images or sequences");
    for (int64_t k = 0; k < columns(p); k++) {
        const fell_column c = column_at(p, k);
        const int64_t own = c.width + gets_own(s, &c);

        if (p->ncolumns) {
            p->out_column[k].at = width;
            p->out_column[k].width = own;
            p->out_column[k].missing = 0;
        }
        width += own;
        indicators += gets_indicator(s, &c);
        words += c.is == FELL_INDEX ? c.nwords : 0;
    }
    for (int64_t k = 0; k < p->ncolumns; k++) {
        if (p->column[k].is != FELL_INDEX)
            continue;
        p->out_column[k].at += indicators; /* they end a row */
        p->out_column[k].values = p->column[k].nwords + gets_place(s, &p->column[k]);
    }
    p->out = fell_vec(width + indicators);
    p->tensor[0] = p->in[0];
    p->fit_passes = s->number == MEDIAN ? KEY_BYTES : 1;
    p->fit_kept = kept_of_numbers(p) + words;
    return FELL_OK;
}

static double value_at(const fell_layer_call *c, int64_t i)
{
    return c->x64 ? c->x64[i] : (double)c->x[0][i];
}

static void set_fill(const fell_layer_call *c, int64_t j, double v)
{
    if (c->x64)
        c->tensor64[0][j] = v;
    else
        c->tensor[0][j] = (float)v;
}

static int by_size(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;

    return (p > q) - (p < q);
}

static fell_status no_value(fell_ctx *ctx, const fell_column *column)
{
    return fell_fail(ctx, "the training rows have no value of '%s' at all; drop it",
                     column->name ? column->name : "a column");
}

static fell_status fit_number(fell_layer_call *c, const fell_column *column, double *known)
{
    const struct impute *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]);
    int64_t n = 0;
    double sum = 0.0;

    for (int64_t i = 0; i < c->batch; i++) {
        const double v = value_at(c, i * cols + column->at);

        if (isnan(v))
            continue;
        known[n++] = v;
        sum += v;
    }
    if (n == 0)
        return no_value(c->ctx, column);
    if (s->number == MEAN) {
        set_fill(c, column->at, sum / (double)n);
        return FELL_OK;
    }
    qsort(known, (size_t)n, sizeof *known, by_size);
    set_fill(c, column->at, n % 2 ? known[n / 2] : 0.5 * (known[n / 2 - 1] + known[n / 2]));
    return FELL_OK;
}

/* The most frequent word gets 1, the first of equals; with a word of its own, none. */
static void fit_category(fell_layer_call *c, const fell_column *column)
{
    const struct impute *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]);
    int64_t best = 0;
    double most = -1.0;

    for (int64_t k = 0; k < column->width; k++) {
        double n = 0.0;

        for (int64_t i = 0; i < c->batch; i++) {
            const double v = value_at(c, i * cols + column->at + k);

            n += isnan(v) ? 0.0 : v;
        }
        if (n > most) {
            most = n;
            best = k;
        }
    }
    for (int64_t k = 0; k < column->width; k++)
        set_fill(c, column->at + k, s->category == MOST_FREQUENT && k == best ? 1.0 : 0.0);
}

/* The rows of the call are counted into COUNT [nwords]. */
static void count_places(fell_layer_call *c, const fell_column *column, double *count)
{
    const int64_t cols = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch; i++) {
        const double v = value_at(c, i * cols + column->at);

        if (v >= 0.0 && v < (double)column->nwords)
            count[(int64_t)v] += 1.0;
    }
}

/* The place of what is missing: its own, that of the most frequent word, or none. */
static void fill_place(fell_layer_call *c, const fell_column *column, const double *count)
{
    const struct impute *s = c->settings;
    int64_t best = 0;

    for (int64_t k = 1; k < column->nwords; k++)
        best = count[k] > count[best] ? k : best;
    set_fill(c, column->at,
             s->category == MOST_FREQUENT ? (double)best
             : gets_place(s, column)      ? (double)column->nwords
                                          : -1.0);
}

static fell_status fit_index(fell_layer_call *c, const fell_column *column)
{
    double *count = fell_scratch(c->ctx, column->nwords, sizeof *count);

    if (!count)
        return FELL_ERROR;
    memset(count, 0, (size_t)column->nwords * sizeof *count);
    count_places(c, column, count);
    fill_place(c, column, count);
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    double *known = fell_scratch(c->ctx, c->batch, sizeof *known);

    if (!known)
        return FELL_ERROR;
    for (int64_t k = 0; k < columns(c->plan); k++) {
        const fell_column column = column_at(c->plan, k);

        if (column.is == FELL_CATEGORY)
            fit_category(c, &column);
        else if ((column.is == FELL_INDEX ? fit_index(c, &column) : fit_number(c, &column, known)) != FELL_OK)
            return FELL_ERROR;
    }
    return FELL_OK;
}

/* ---- in parts: the median without its values ------------------------------------------------- */

/* A number as 64 bits that are in order as numbers are, and back. */
static uint64_t key_of(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static double of_key(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~(1ull << 63) : ~key;
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

/* One of the two values in the middle, while its bytes are found from the first on: how many values have each
 * byte behind those that are known. As it lies in what the host keeps. */
struct middle {
    double count[DIGITS];
    double rank;  /* among the values with these bytes, from 0 */
    double known; /* the bytes, in the double's place */
};

static uint64_t known_bytes(const struct middle *m)
{
    uint64_t known;

    memcpy(&known, &m->known, sizeof known);
    return known;
}

static void count_byte(struct middle *m, uint64_t key, int64_t pass)
{
    const int shift = 8 * (KEY_BYTES - 1 - (int)pass);

    if (pass == 0 || key >> (shift + 8) == known_bytes(m))
        m->count[key >> shift & (DIGITS - 1)] += 1.0;
}

/* All values were counted: one byte more is known. */
static uint64_t choose_byte(struct middle *m)
{
    uint64_t byte = 0, known;

    while (byte < DIGITS - 1 && m->rank >= m->count[byte])
        m->rank -= m->count[byte++];
    known = known_bytes(m) << 8 | byte;
    memcpy(&m->known, &known, sizeof known);
    memset(m->count, 0, sizeof m->count);
    return known;
}

static fell_status end_pass(fell_layer_call *c, const fell_column *column, int64_t pass, struct middle two[2])
{
    uint64_t key[2];

    if (pass == 0) {
        double n = 0.0;

        for (int i = 0; i < DIGITS; i++)
            n += two[0].count[i];
        if (n == 0.0)
            return no_value(c->ctx, column);
        two[0].rank = floor((n - 1.0) / 2.0);
        two[1].rank = floor(n / 2.0);
    }
    for (int i = 0; i < 2; i++)
        key[i] = choose_byte(&two[i]);
    if (pass == KEY_BYTES - 1)
        set_fill(c, column->at, key[0] == key[1] ? of_key(key[0]) : 0.5 * (of_key(key[0]) + of_key(key[1])));
    return FELL_OK;
}

static fell_status part_median(fell_layer_call *c, const fell_column *column, const fell_fit_part *part)
{
    struct middle *two = (struct middle *)part->kept + 2 * column->at;
    const int64_t cols = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch; i++) {
        const double v = value_at(c, i * cols + column->at);

        for (int k = 0; k < 2 && !isnan(v); k++)
            count_byte(&two[k], key_of(v), part->pass);
    }
    return part->row + c->batch < part->rows ? FELL_OK : end_pass(c, column, part->pass, two);
}

static fell_status part_mean(fell_layer_call *c, const fell_column *column, const fell_fit_part *part)
{
    double *sum = part->kept + 2 * column->at, *n = sum + 1;
    const int64_t cols = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch; i++) {
        const double v = value_at(c, i * cols + column->at);

        *sum += isnan(v) ? 0.0 : v;
        *n += isnan(v) ? 0.0 : 1.0;
    }
    if (part->row + c->batch < part->rows)
        return FELL_OK;
    if (*n == 0.0)
        return no_value(c->ctx, column);
    set_fill(c, column->at, *sum / *n);
    return FELL_OK;
}

/* Words are counted in the place of their fill. */
static void part_category(fell_layer_call *c, const fell_column *column, const fell_fit_part *part)
{
    const struct impute *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]);
    double *count = c->tensor64[0] + column->at;
    int64_t best = 0;

    for (int64_t i = 0; i < c->batch && part->pass == 0; i++)
        for (int64_t k = 0; k < column->width; k++) {
            const double v = value_at(c, i * cols + column->at + k);

            count[k] += isnan(v) ? 0.0 : v;
        }
    if (part->pass > 0 || part->row + c->batch < part->rows)
        return;
    for (int64_t k = 1; k < column->width; k++)
        best = count[k] > count[best] ? k : best;
    for (int64_t k = 0; k < column->width; k++)
        count[k] = s->category == MOST_FREQUENT && k == best ? 1.0 : 0.0;
}

static void part_index(fell_layer_call *c, const fell_column *column, const fell_fit_part *part,
                       double *count)
{
    if (part->pass == 0)
        count_places(c, column, count);
    if (part->row + c->batch == part->rows)
        fill_place(c, column, count);
}

static fell_status fit_part(fell_layer_call *c, fell_fit_part *part)
{
    const struct impute *s = c->settings;
    double *count = part->kept + kept_of_numbers(c->plan);

    for (int64_t k = 0; k < columns(c->plan); k++) {
        const fell_column column = column_at(c->plan, k);

        if (column.is == FELL_CATEGORY) {
            part_category(c, &column, part);
        } else if (column.is == FELL_INDEX) {
            part_index(c, &column, part, count);
            count += column.nwords;
        } else if ((s->number == MEDIAN ? part_median : part_mean)(c, &column, part) != FELL_OK) {
            return FELL_ERROR;
        }
    }
    return FELL_OK;
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* N numbers of a row at FROM become those at TO; what is missing gets the fill of columns AT and on. */
static void put(fell_layer_call *c, int64_t from, int64_t at, int64_t n, int64_t to)
{
    for (int64_t j = 0; j < n; j++) {
        const double v = value_at(c, from + j);
        const double fill = c->x64 ? c->tensor64[0][at + j] : (double)c->tensor[0][at + j];

        if (c->x64)
            c->y64[to + j] = isnan(v) ? fill : v;
        else
            c->y[to + j] = (float)(isnan(v) ? fill : v);
    }
}

static void put_missing(fell_layer_call *c, int64_t from, int64_t to)
{
    const bool missing = isnan(value_at(c, from));

    if (c->x64)
        c->y64[to] = missing;
    else
        c->y[to] = missing;
}

static fell_status forward(fell_layer_call *c)
{
    const struct impute *s = c->settings;
    const int64_t cols = fell_size(&c->plan->in[0]), n = columns(c->plan);
    int64_t to = 0;

    for (int64_t i = 0; i < c->batch; i++) {
        for (int64_t k = 0; k < n; k++) {
            const fell_column column = column_at(c->plan, k);

            if (column.is == FELL_INDEX)
                continue;
            put(c, i * cols + column.at, column.at, column.width, to);
            to += column.width;
            if (gets_own(s, &column))
                put_missing(c, i * cols + column.at, to++);
        }
        for (int64_t k = 0; k < n; k++) {
            const fell_column column = column_at(c->plan, k);

            if (gets_indicator(s, &column))
                put_missing(c, i * cols + column.at, to++);
        }
        for (int64_t k = 0; k < n; k++) {
            const fell_column column = column_at(c->plan, k);

            if (column.is == FELL_INDEX)
                put(c, i * cols + column.at, column.at, 1, to++);
        }
    }
    return FELL_OK;
}

static const fell_layer impute = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "impute",
        "Puts values where a table has none.\n\n"
        "Numbers get the median (or mean) of the training rows; a category gets a further column, 1 where\n"
        "it is missing (of one that is embedded, a further vector), or its most frequent word. It is the "
        "first transform; the columns are those that\n"
        "`fell check` shows as missing.",
        struct impute, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .fit = fit,
    .fit64 = fit,
    .forward64 = forward,
    .fit_part = fit_part,
    .gaps = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &impute.item);
