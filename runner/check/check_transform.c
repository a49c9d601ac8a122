/* check_transform.c - what a transform may offer beside fit and forward: the same in double and in parts, and
 * rows with gaps. See check.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

/* ---- the same in double ---------------------------------------------------------------------- */

/* Doubles that hold the floats of a buffer. */
static double *widened(const float *v, int64_t n)
{
    double *to = mem_array((size_t)(n ? n : 1), sizeof *to);

    for (int64_t i = 0; i < n; i++)
        to[i] = (double)v[i];
    return to;
}

/* The y of G's rows by the functions for doubles, its floats being those of BEGIN, which nobody has fitted;
 * NULL if they refuse. */
static double *forward_wide(struct rig *g, const struct rig *begin, double *tensor64[SUBJECT_TENSORS],
                            struct error *err)
{
    float *narrow[SUBJECT_TENSORS];
    const fell_layer *layer = g->s.item->layer;
    const struct buffer *x = rig_named(g, "x"), *y = rig_named(g, "y");
    double *x64 = widened(x->v, x->n), *y64 = widened(y->v, y->n);
    fell_layer_call call = g->layer;
    bool ok;

    for (uint64_t t = 0; t < layer->ntensors; t++)
        narrow[t] = begin->tensor[t];
    call.x = NULL;
    call.y = NULL;
    call.x64 = x64;
    call.tensor = narrow;
    call.tensor64 = tensor64;
    call.training = 0;
    ok = !layer->fit64 || rig_call(g, layer->fit64(&call), err) == OK;
    call.y64 = y64;
    ok = ok && rig_call(g, layer->forward64(&call), err) == OK;
    free(x64);
    if (ok)
        return y64;
    free(y64);
    return NULL;
}

static void check_wide_of(struct checked *c, const struct setup *u, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g, *begin;
    struct error err = {""};
    double *tensor64[SUBJECT_TENSORS] = {NULL}, *wide = NULL, *narrow = NULL;
    char where[512];
    int64_t at;

    how.evaluate = true;
    g = checked_rig(c, u, &how);
    begin = checked_rig(c, u, &how);
    for (uint64_t t = 0; g && t < c->item->layer->ntensors; t++)
        tensor64[t] = g->tensor[t] ? widened(g->tensor[t], fell_size(&g->tensor_shape[t])) : NULL;
    if (g && begin && (!c->item->layer->fit || rig_fit(g, &err) == OK) && rig_forward(g, &err) == OK) {
        const struct buffer *y = rig_named(g, "y");

        narrow = widened(y->v, y->n);
        wide = forward_wide(g, begin, tensor64, &err);
        if (!wide)
            finding_fail(f, "the functions for doubles fail: %.300s, %s", err.text, rig_where(g, where));
        else if (checked_is_off(wide, narrow, y->n, &at))
            finding_fail(f, "by forward64 y[%lld] is %.6g, and by forward %.6g, %s", (long long)at, wide[at],
                         narrow[at], rig_where(g, where));
    }
    for (size_t t = 0; t < SUBJECT_TENSORS; t++)
        free(tensor64[t]);
    free(wide);
    free(narrow);
    checked_done(g);
    checked_done(begin);
}

/* The y of X times FACTOR, fitted on the same; NULL: refused. */
static double *digits_of(struct rig *g, const double *x, double factor)
{
    const fell_layer *layer = g->s.item->layer;
    const int64_t nx = rig_named(g, "x")->n, ny = rig_named(g, "y")->n;
    double *x64 = mem_array((size_t)nx, sizeof *x64), *y64 = mem_array((size_t)ny, sizeof *y64);
    double *tensor64[SUBJECT_TENSORS] = {NULL};
    fell_layer_call call = g->layer;
    struct error err;
    bool ok;

    for (int64_t i = 0; i < nx; i++)
        x64[i] = x[i] * factor;
    for (uint64_t t = 0; t < layer->ntensors; t++)
        tensor64[t] = g->tensor[t] ? widened(g->tensor[t], fell_size(&g->tensor_shape[t])) : NULL;
    call.x = NULL;
    call.y = NULL;
    call.x64 = x64;
    call.tensor64 = tensor64;
    call.training = 0;
    ok = !layer->fit64 || rig_call(g, layer->fit64(&call), &err) == OK;
    for (uint64_t t = 0; t < layer->ntensors; t++)
        for (int64_t i = 0; ok && tensor64[t] && i < fell_size(&g->tensor_shape[t]); i++)
            g->objective += (double)(i + 1) * tensor64[t][i];
    call.y64 = y64;
    ok = ok && rig_call(g, layer->forward64(&call), &err) == OK;
    for (size_t t = 0; t < SUBJECT_TENSORS; t++)
        free(tensor64[t]);
    free(x64);
    if (ok)
        return y64;
    free(y64);
    return NULL;
}

/* In double, what floats cannot tell apart is told apart, unless steps are what is meant. */
static void check_digits_of(struct checked *c, const struct setup *u, struct finding *f)
{
    static const double little = 1.0 + 1e-10, more = 1.0 + 1e-3;
    struct conditions how = usual_conditions(c->seed, c->level);
    struct rig *g;
    char where[512];

    how.evaluate = true;
    g = checked_rig(c, u, &how);
    if (g) {
        double *x = widened(rig_named(g, "x")->v, rig_named(g, "x")->n), fits[3], *y[3];
        int64_t fine = 0, coarse = 0;

        for (int k = 0; k < 3; k++) {
            g->objective = 0.0;
            y[k] = digits_of(g, x, k == 0 ? 1.0 : k == 1 ? little : more);
            fits[k] = g->objective;
        }
        for (int64_t i = 0; y[0] && y[1] && y[2] && i < rig_named(g, "y")->n; i++) {
            fine += y[0][i] != y[1][i];
            coarse += y[0][i] != y[2][i];
        }
        if (c->item->layer->fit64 && fits[0] != fits[2] && fits[0] == fits[1])
            finding_fail(f,
                         "fit64 gives the same for inputs that differ in their tenth digit: it computes in "
                         "float, %s",
                         rig_where(g, where));
        else if (2 * coarse > rig_named(g, "y")->n && !fine)
            finding_fail(f,
                         "forward64 gives the same for inputs that differ in their tenth digit: it computes "
                         "in float, %s",
                         rig_where(g, where));
        for (int k = 0; k < 3; k++)
            free(y[k]);
        free(x);
    }
    checked_done(g);
}

void check_doubles(struct checked *c, struct finding *f)
{
    if (!c->item->layer->forward64) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it has no functions for doubles");
        return;
    }
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++)
        check_wide_of(c, &c->setups.v[i], f);
    for (size_t i = 0; i < c->setups.n && c->setups.v[i].targets == TARGET_REAL; i++)
        check_digits_of(c, &c->setups.v[i], f);
}

/* ---- fitted in parts ------------------------------------------------------------------------ */

enum { PART_ROWS = 23, MOST_KEPT = 1 << 20 };

/* How the rows are cut: so many a call, by turns. */
static const int64_t cuts[][3] = {{1, 1, 1}, {1, PART_ROWS, 1}, {PART_ROWS - 1, 1, 1}, {3, 1, 8}};

/* The tensors as they begin, in double, and filled by fit64, or by fit where there is none. */
struct fitted {
    double *tensor[SUBJECT_TENSORS];
};

static void fitted_init(struct fitted *t, const struct rig *g)
{
    *t = (struct fitted){{NULL}};
    for (uint64_t i = 0; i < g->s.item->layer->ntensors; i++)
        if (g->tensor[i])
            t->tensor[i] = widened(g->tensor[i], fell_size(&g->tensor_shape[i]));
}

static void fitted_release(struct fitted *t)
{
    for (size_t i = 0; i < SUBJECT_TENSORS; i++)
        free(t->tensor[i]);
}

static bool fit_whole(struct rig *g, const double *x, struct fitted *t, struct error *err)
{
    fell_layer_call call = g->layer;

    fitted_init(t, g);
    call.x = NULL;
    call.y = NULL;
    call.x64 = x;
    call.tensor64 = t->tensor;
    call.training = 0;
    return rig_call(g, g->s.item->layer->fit64(&call), err) == OK;
}

/* Cut as LENGTH says, passes as often as the plan says. What it keeps lies between guards, as a buffer. */
static bool fit_parts(struct rig *g, const double *x, const int64_t length[3], struct fitted *t,
                      struct error *err)
{
    const int64_t rows = rig_rows(g), size = fell_size(g->setup->in);
    struct buffer *kept = rig_named(g, "kept");
    fell_layer_call call = g->layer;
    fell_fit_part part = {.rows = rows, .kept = kept->v};

    fitted_init(t, g);
    memset(kept->v, 0, (size_t)kept->n * sizeof(double));
    call.x = NULL;
    call.y = NULL;
    call.tensor64 = t->tensor;
    call.training = 0;
    for (part.pass = 0; part.pass < g->plan.fit_passes; part.pass++) {
        int64_t k = 0;

        for (part.row = 0; part.row < rows; part.row += call.batch) {
            const int64_t wanted = length[k++ % 3], left = rows - part.row;

            call.batch = wanted < left ? wanted : left;
            call.x64 = x + part.row * size;
            if (rig_call(g, g->s.item->layer->fit_part(&call, &part), err) != OK)
                return false;
        }
    }
    return true;
}

static void compare_fits(const struct rig *g, const struct fitted *whole, const struct fitted *parts,
                         const int64_t length[3], struct finding *f)
{
    char where[512];

    for (uint64_t i = 0; i < g->s.item->layer->ntensors; i++)
        for (int64_t k = 0; whole->tensor[i] && k < fell_size(&g->tensor_shape[i]); k++)
            if (memcmp(&whole->tensor[i][k], &parts->tensor[i][k], sizeof(double)) != 0)
                finding_fail(
                    f,
                    "fit_part, of parts of %lld, %lld, %lld ... rows, gives %s[%lld] = %.9g, and fit64 "
                    "%.9g of all at once, %s",
                    (long long)length[0], (long long)length[1], (long long)length[2],
                    g->s.item->layer->tensors[i].name, (long long)k, parts->tensor[i][k], whole->tensor[i][k],
                    rig_where(g, where));
}

static void check_parts_of(struct checked *c, const struct setup *u, bool gap, struct finding *f)
{
    struct conditions how = usual_conditions(c->seed, c->level);
    struct error err = {""};
    struct rig *g;
    char where[512];

    how.evaluate = true;
    how.rows = PART_ROWS;
    g = checked_rig(c, u, &how);
    if (g && (g->plan.fit_passes < 1 || g->plan.fit_kept < 0 || g->plan.fit_kept > MOST_KEPT))
        finding_fail(f, "plan() says %lld for fit_passes and %lld for fit_kept, %s",
                     (long long)g->plan.fit_passes, (long long)g->plan.fit_kept, rig_where(g, where));
    if (g && f->outcome == OUTCOME_PASSED) {
        struct buffer *x = rig_named(g, "x");
        struct fitted whole, parts;
        double *x64;

        rig_buffer(g, USE_HIDDEN, g->plan.fit_kept, sizeof(double), "kept");
        for (int64_t row = 0; gap && row < PART_ROWS; row += PART_ROWS / 2)
            ((float *)x->v)[row * x->n / PART_ROWS] = NAN;
        x64 = widened(x->v, x->n);
        for (int64_t k = 0; k < x->n; k++)
            x64[k] += 1e-9 * (double)k; /* no floats */
        if (fit_whole(g, x64, &whole, &err))
            for (size_t k = 0; k < sizeof cuts / sizeof *cuts && f->outcome == OUTCOME_PASSED; k++) {
                if (!fit_parts(g, x64, cuts[k], &parts, &err))
                    finding_fail(f, "fit_part fails: %.300s, %s", err.text, rig_where(g, where));
                else if (g->trespass[0])
                    finding_fail(f, "%s in fit_part, %s", g->trespass, rig_where(g, where));
                else
                    compare_fits(g, &whole, &parts, cuts[k], f);
                fitted_release(&parts);
            }
        fitted_release(&whole);
        free(x64);
    }
    checked_done(g);
}

void check_fit_parts(struct checked *c, struct finding *f)
{
    const fell_layer *layer = c->item->layer;

    if (!layer->fit_part || layer->backward) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it is not fitted in parts");
        return;
    }
    if (!layer->fit64 || !layer->forward64) {
        finding_fail(f, "it has fit_part without %s: rows come in parts in double only",
                     layer->fit64 ? "forward64" : "fit64");
        return;
    }
    for (size_t i = 0; i < (layer->gaps ? 2 : 1) * c->setups.n && f->outcome == OUTCOME_PASSED; i++)
        check_parts_of(c, &c->setups.v[i % c->setups.n], i >= c->setups.n, f);
}

/* ---- gaps ---------------------------------------------------------------------------------------- */

/* What is missing. */
enum gap { GAP_FIRST, GAP_LAST, GAP_COLUMN };

/* One number of the first column, one of the last, or the first column of all rows. */
static void make_gaps(struct rig *g, enum gap gap)
{
    struct buffer *x = rig_named(g, "x");
    const int64_t rows = rig_rows(g), size = x->n / rows, column = gap == GAP_LAST ? size - 1 : 0;

    for (int64_t row = 0; row < (gap == GAP_COLUMN ? rows : 1); row++)
        ((float *)x->v)[row * size + column] = NAN;
}

static void check_gaps_of(struct checked *c, const struct setup *u, enum gap gap, struct finding *f)
{
    static const char *const what[] = {"a gap is left", "a gap of the last column is left",
                                       "of a column without any value none is filled"};
    struct conditions how = usual_conditions(c->seed, c->level);
    struct error err = {""}, left;
    struct rig *g;
    char where[512];

    how.evaluate = true;
    g = checked_rig(c, u, &how);
    if (g) {
        make_gaps(g, gap);
        if ((!c->item->layer->fit || rig_fit(g, &err) == OK) && rig_forward(g, &err) == OK &&
            rig_has_nan(g, &left))
            finding_fail(f, "it says that it fills gaps, and %s: %.200s, %s", what[gap], left.text,
                         rig_where(g, where));
    }
    checked_done(g);
}

void check_gaps(struct checked *c, struct finding *f)
{
    if (!c->item->layer->gaps) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it does not say that it fills gaps");
        return;
    }
    for (enum gap gap = GAP_FIRST; gap <= GAP_COLUMN; gap++)
        for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++)
            check_gaps_of(c, &c->setups.v[i], gap, f);
}

/* ---- columns -------------------------------------------------------------------------------------- */

/* What it says of the columns of its output, where these hold a row of it; else the host forgets them. */
static void look_at_columns(const struct rig *g, struct finding *f)
{
    const fell_column *c = g->out_column;
    int64_t at = 0;

    for (int64_t k = 0; k < g->plan.ncolumns; k++) {
        if (c[k].at != at || c[k].width < 1)
            finding_fail(
                f, "in out_column %lld begins at %lld, of a width of %lld; what is before it ends at %lld",
                (long long)k, (long long)c[k].at, (long long)c[k].width, (long long)at);
        else if (!c[k].name || (c[k].is != FELL_NUMBER && c[k].is != FELL_CATEGORY))
            finding_fail(f, "in out_column %lld has no name, or is neither a number nor a category",
                         (long long)k);
        else if (c[k].is == FELL_CATEGORY && !c[k].word)
            finding_fail(f, "in out_column %lld is a category without words", (long long)k);
        for (int64_t i = 0; i < k && f->outcome == OUTCOME_PASSED; i++)
            if (strcmp(c[i].name, c[k].name) == 0)
                finding_fail(f, "in out_column %lld and %lld have one name, '%.40s'", (long long)i,
                             (long long)k, c[k].name);
        at += c[k].width;
    }
}

void check_columns(struct checked *c, struct finding *f)
{
    const struct conditions how = usual_conditions(c->seed, c->level);
    bool tried = false;

    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        struct rig *g = c->setups.v[i].table ? checked_rig(c, &c->setups.v[i], &how) : NULL;
        int64_t width = 0;

        for (int64_t k = 0; g && k < g->plan.ncolumns; k++)
            width += g->out_column[k].width;
        if (g && width == fell_size(&g->plan.out)) {
            look_at_columns(g, f);
            tried = true;
        }
        checked_done(g);
    }
    if (f->outcome == OUTCOME_PASSED && !tried) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "it is no transform of a table, or says nothing of the columns of what it makes");
    }
}
