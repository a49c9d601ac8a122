/* one_hot.c - columns of whole numbers as columns of zeros and a one. */
#include "fell/plugin.h"

struct one_hot {
    int64_t classes;
    fell_ints columns;
};

static const fell_param params[] = {
    FELL_INT(struct one_hot, classes, 0, 2, 1 << 24, FELL_REQUIRED,
             "Number of values that a column can have, 0 to classes - 1; at least 2."),
    FELL_INTS(struct one_hot, columns, "[]", 0, (1 << 24) - 1, 0,
              "Which columns are replaced, numbered from 0; empty: all."),
};

static bool is_chosen(const fell_ints *columns, int64_t j)
{
    bool chosen = columns->n == 0;

    for (int64_t i = 0; !chosen && i < columns->n; i++)
        chosen = columns->v[i] == j;
    return chosen;
}

static fell_status plan(fell_plan *p)
{
    const struct one_hot *s = p->settings;
    const int64_t cols = p->in[0].dim[0];
    int64_t width = 0;

    if (p->in[0].rank != 1)
        return fell_fail(p->ctx, "rows must be vectors, not images or sequences");
    for (int64_t i = 0; i < s->columns.n; i++)
        if (s->columns.v[i] >= cols)
            return fell_fail(p->ctx, "columns: there is no column %lld; the inputs have 0 to %lld",
                             (long long)s->columns.v[i], (long long)cols - 1);
    for (int64_t j = 0; j < cols; j++)
        width += is_chosen(&s->columns, j) ? s->classes : 1;
    p->out = fell_vec(width);
    return FELL_OK;
}

/* One column's value V as its columns, at TO. */
static fell_status spread(fell_layer_call *c, int64_t j, double v, float *y, double *y64)
{
    const int64_t classes = ((const struct one_hot *)c->settings)->classes;

    if (!(v >= 0.0 && v < (double)classes && v == floor(v)))
        return fell_fail(c->ctx, "column %lld holds %g, which is not a whole number from 0 to %lld",
                         (long long)j, v, (long long)classes - 1);
    for (int64_t k = 0; k < classes; k++)
        if (y64)
            y64[k] = k == (int64_t)v;
        else
            y[k] = k == (int64_t)v;
    return FELL_OK;
}

/* Either in floats or, where x64 is not NULL, in doubles. */
static fell_status forward_rows(fell_layer_call *c, const float *x, const double *x64)
{
    const struct one_hot *s = c->settings;
    const int64_t cols = c->plan->in[0].dim[0];
    bool *chosen = fell_scratch(c->ctx, cols, sizeof *chosen);
    int64_t at = 0;

    if (!chosen)
        return FELL_ERROR;
    for (int64_t j = 0; j < cols; j++)
        chosen[j] = is_chosen(&s->columns, j);

    for (int64_t i = 0; i < c->batch * cols; i++) {
        const int64_t j = i % cols;

        if (chosen[j]) {
            if (spread(c, j, x64 ? x64[i] : (double)x[i], x64 ? NULL : c->y + at, x64 ? c->y64 + at : NULL) !=
                FELL_OK)
                return FELL_ERROR;
            at += s->classes;
        } else if (x64) {
            c->y64[at++] = x64[i];
        } else {
            c->y[at++] = x[i];
        }
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    return forward_rows(c, c->x[0], NULL);
}

static fell_status forward64(fell_layer_call *c)
{
    return forward_rows(c, NULL, c->x64);
}

static const fell_layer one_hot = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "one_hot",
        "Replaces columns of class numbers by one column for each class, 1 where it is meant.\n\n"
        "With classes: 3 the value 2 becomes 0, 0, 1, in place; columns that are not named stay as\n"
        "they are.",
        struct one_hot, params),
    .plan = plan,
    .forward = forward,
    .forward64 = forward64,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &one_hot.item);
