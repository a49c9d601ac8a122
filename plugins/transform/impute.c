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

static bool gets_indicator(const struct impute *s, const fell_column *c)
{
    return s->indicator && c->is == FELL_NUMBER && c->missing > 0;
}

static fell_status plan(fell_plan *p)
{
    const struct impute *s = p->settings;
    int64_t width = 0, indicators = 0;

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
    }
    p->out = fell_vec(width + indicators);
    p->tensor[0] = p->in[0];
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
        return fell_fail(c->ctx, "the training rows have no value of '%s' at all; drop it",
                         column->name ? column->name : "a column");
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

static fell_status fit(fell_layer_call *c)
{
    double *known = fell_scratch(c->ctx, c->batch, sizeof *known);

    if (!known)
        return FELL_ERROR;
    for (int64_t k = 0; k < columns(c->plan); k++) {
        const fell_column column = column_at(c->plan, k);

        if (column.is == FELL_CATEGORY)
            fit_category(c, &column);
        else if (fit_number(c, &column, known) != FELL_OK)
            return FELL_ERROR;
    }
    return FELL_OK;
}

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
    }
    return FELL_OK;
}

static const fell_layer impute = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "impute",
        "Puts values where a table has none.\n\n"
        "Numbers get the median (or mean) of the training rows; a category gets a further column, 1 where\n"
        "it is missing, or its most frequent word. It is the first transform; the columns are those that\n"
        "`fell check` shows as missing.",
        struct impute, params),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .fit = fit,
    .fit64 = fit,
    .forward64 = forward,
    .gaps = 1,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &impute.item);
