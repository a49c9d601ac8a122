/* onnx_transforms.c - transforms of the data as ONNX has them, as they were fitted. Those that act in
 * training alone do nothing here.
 */
#include "export/onnx_rows.h"

/* Columns that were constant have the range 0, and are divided by 1. */
static const char *min_max(struct onnx_entry *e)
{
    const struct onnx_held *range = onnx_held(e, "range");
    double *by = onnx_make_doubles(e, "by", range->shape);

    for (int64_t i = 0; i < fell_size(&range->shape); i++)
        by[i] = range->doubles[i] > 0.0 ? range->doubles[i] : 1.0;
    return onnx_format(e, "Add(Mul(Div(Sub(x, @lowest), @by), %.17g), $min)",
                       onnx_setting(e, "max") - onnx_setting(e, "min"));
}

/* What goes out is chosen among the columns that are filled and, behind them, whether each was missing: a
 * category of its own stands behind its words, indicators behind all of these, and at the end columns that
 * are embedded. */
static const char *impute(struct onnx_entry *e)
{
    const int64_t width = fell_size(&e->in[0]), out = fell_size(&e->out);
    const bool own = onnx_setting(e, "category") == 0.0, indicator = onnx_setting(e, "indicator") != 0.0;
    int64_t *order = onnx_make_ints(e, "order", out), n = 0;

    for (int64_t k = 0; k < e->ncolumns; k++) {
        const fell_column *c = &e->column[k];

        for (int64_t j = 0; c->is != FELL_INDEX && j < c->width && n < out; j++)
            order[n++] = c->at + j;
        if (own && c->is == FELL_CATEGORY && c->missing > 0 && n < out)
            order[n++] = width + c->at;
    }
    for (int64_t k = 0; !e->ncolumns && k < width && n < out; k++)
        order[n++] = k;
    for (int64_t k = 0; indicator && k < (e->ncolumns ? e->ncolumns : width) && n < out; k++)
        if (!e->ncolumns || (e->column[k].is == FELL_NUMBER && e->column[k].missing > 0))
            order[n++] = width + (e->ncolumns ? e->column[k].at : k);
    for (int64_t k = 0; k < e->ncolumns && n < out; k++)
        if (e->column[k].is == FELL_INDEX)
            order[n++] = e->column[k].at;
    if (out == width)
        return "Where(IsNaN(x), @fill, x)";
    return "m = IsNaN(x); Gather(Concat(Where(m, @fill, x), Cast(m){to=type}){axis=1}, @order){axis=1}";
}

/* Each output is one input, or whether it is one of the class numbers. */
static const char *one_hot(struct onnx_entry *e)
{
    const fell_ints columns = onnx_ints(e, "columns");
    const int64_t out = fell_size(&e->out), classes = (int64_t)onnx_setting(e, "classes");
    int64_t *from = onnx_make_ints(e, "from", out), n = 0;
    double *number = onnx_make_doubles(e, "number", fell_vec(out));
    double *chosen = onnx_make_doubles(e, "chosen", fell_vec(out));

    for (int64_t j = 0; j < fell_size(&e->in[0]); j++) {
        bool is = columns.n == 0;

        for (int64_t i = 0; i < columns.n; i++)
            is |= columns.v[i] == j;
        for (int64_t k = 0; k < (is ? classes : 1) && n < out; k++, n++) {
            from[n] = j;
            number[n] = (double)k;
            chosen[n] = is;
        }
    }
    return "v = Gather(x, @from){axis=1}; Where(Greater(@chosen, 0.5), Cast(Equal(v, @number)){to=type}, v)";
}

const struct onnx_row onnx_transforms[] = {
    {"flip", "x", NULL},        {"impute", NULL, impute},
    {"jitter", "x", NULL},      {"min_max", NULL, min_max},
    {"one_hot", NULL, one_hot}, {"scale", "Mul(x, $factor)", NULL},
    {"shift", "x", NULL},       {"standardize", "Div(Sub(x, @mean), @deviation)", NULL},
    {NULL, NULL, NULL},
};
