/* data_groups.c - rows that stay on one side of a split: all of a group are held out, or none. See
 * data_parts.h; for data_split.c.
 *
 * Folds are those of scikit-learn's GroupKFold, with `stratify` those of its StratifiedGroupKFold; what these
 * leave to the order of the groups, a seeded order decides.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"

/* Rows of one number of the dataset. */
struct group {
    int64_t number, rows, order; /* order: its place among the shuffled */
    double *of_kind;             /* [kinds] its rows of each class; NULL without classes */
    double deviation;            /* of these numbers */
    bool held;
};

struct groups {
    int64_t n, kinds;
    struct group *group;
    const struct kinds *kind; /* NULL: classes have no say */
    double *of_kind;          /* [n, kinds] */
    int64_t *place;           /* [kinds] of a class of `kind` among those here */
    double *count;            /* [kinds] rows */
};

static int by_number(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static int by_order(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    return (x->order > y->order) - (x->order < y->order);
}

/* The largest first, of equals the one that was drawn first. */
static int by_rows(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return by_order(a, b);
}

/* The one whose classes differ most first, of equals the one that was drawn first. */
static int by_deviation(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->deviation != y->deviation)
        return x->deviation < y->deviation ? 1 : -1;
    return by_order(a, b);
}

static struct group *group_of(const struct groups *g, int64_t number)
{
    const struct group wanted = {.number = number};

    return bsearch(&wanted, g->group, (size_t)g->n, sizeof wanted, by_number);
}

/* NumPy's: of the whole, not of a sample. */
static double deviation(const double *v, int64_t n)
{
    double mean = 0.0, squares = 0.0;

    for (int64_t i = 0; i < n; i++)
        mean += v[i];
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    return sqrt(squares / (double)n);
}

/* Which class comes at which place when they are sorted by their values, as NumPy's unique() has them: sums
 * over classes that are equal but for their rounding are then scikit-learn's. */
static void sort_kinds(struct groups *g)
{
    g->place = mem_array((size_t)g->kinds, sizeof *g->place);
    for (int64_t i = 0; i < g->kinds; i++)
        for (int64_t k = 0; k < g->kinds; k++)
            g->place[i] += g->kind->value[k] < g->kind->value[i];
    g->count = mem_array((size_t)g->kinds, sizeof *g->count);
    for (int64_t i = 0; i < g->kinds; i++)
        g->count[g->place[i]] = (double)g->kind->count[i];
}

static void count_kinds(struct groups *g, const struct dataset *source)
{
    g->kinds = g->kind->n;
    sort_kinds(g);
    g->of_kind = mem_array((size_t)(g->n * g->kinds), sizeof *g->of_kind);
    for (int64_t i = 0; i < g->n; i++)
        g->group[i].of_kind = g->of_kind + i * g->kinds;
    for (int64_t i = 0; i < source->info.rows; i++)
        group_of(g, source->info.group[i])->of_kind[g->place[g->kind->of[i]]]++;
    for (int64_t i = 0; i < g->n; i++)
        g->group[i].deviation = deviation(g->group[i].of_kind, g->kinds);
}

/* Each group once, by its number, with a place that is drawn. */
static void find_groups(struct groups *g, const struct spec *spec, const struct dataset *source)
{
    struct rng_stream s = rng_stream(spec->seed, RNG_SPLIT, DATA_STREAM_HELD, 0);
    const int64_t rows = source->info.rows;
    int64_t *order;

    g->group = mem_array((size_t)rows, sizeof *g->group);
    for (int64_t i = 0; i < rows; i++)
        g->group[i] = (struct group){.number = source->info.group[i], .rows = 1};
    qsort(g->group, (size_t)rows, sizeof *g->group, by_number);
    g->n = 1;
    for (int64_t i = 1; i < rows; i++)
        if (g->group[i].number == g->group[g->n - 1].number)
            g->group[g->n - 1].rows++;
        else
            g->group[g->n++] = g->group[i];
    order = mem_array((size_t)g->n, sizeof *order);
    for (int64_t i = 0; i < g->n; i++)
        order[i] = i;
    rng_shuffle(&s, order, g->n);
    for (int64_t i = 0; i < g->n; i++)
        g->group[order[i]].order = i;
    free(order);
    if (g->kind)
        count_kinds(g, source);
}

/* ---- a share ------------------------------------------------------------------------------ */

/* How far HELD rows, OF_KIND [kinds] of each class, and those of X beside them are from SHARE of all. */
static double distance(const struct groups *g, double held, const double *of_kind, const struct group *x,
                       double share, double rows)
{
    double sum = 0.0;

    if (!g->kind)
        return fabs(held + (x ? (double)x->rows : 0.0) - floor(share * rows + 0.5));
    for (int64_t k = 0; k < g->kinds; k++)
        sum += fabs((of_kind[k] + (x ? x->of_kind[k] : 0.0)) / g->count[k] - share);
    return sum;
}

/* Groups as they were drawn, each if what is held is then nearer to what is wanted. */
static void choose_share(struct groups *g, double share, double rows)
{
    double held = 0.0, *of_kind = mem_array((size_t)g->kinds + 1, sizeof *of_kind);

    qsort(g->group, (size_t)g->n, sizeof *g->group, by_order);
    for (int64_t i = 0; i < g->n; i++) {
        struct group *x = &g->group[i];

        x->held = distance(g, held, of_kind, x, share, rows) < distance(g, held, of_kind, NULL, share, rows);
        held += x->held ? (double)x->rows : 0.0;
        for (int64_t k = 0; k < g->kinds && x->held; k++)
            of_kind[k] += x->of_kind[k];
    }
    free(of_kind);
}

/* ---- a fold ------------------------------------------------------------------------------- */

/* From the largest group on, each to the fold with the fewest rows, the first of equals. */
static void choose_fold(struct groups *g, int64_t folds, int64_t fold)
{
    int64_t *rows = mem_array((size_t)folds, sizeof *rows);

    qsort(g->group, (size_t)g->n, sizeof *g->group, by_rows);
    for (int64_t i = 0; i < g->n; i++) {
        int64_t lightest = 0;

        for (int64_t f = 1; f < folds; f++)
            lightest = rows[f] < rows[lightest] ? f : lightest;
        rows[lightest] += g->group[i].rows;
        g->group[i].held = lightest == fold;
    }
    free(rows);
}

/* Folds while groups are put into them. */
struct filling {
    const struct groups *g;
    int64_t folds;
    double *of_kind; /* [folds, kinds] rows */
    double *share;   /* [folds] of one class */
};

/* How unevenly classes lie in the folds, were X in FOLD: the mean over classes of the deviation, over folds,
 * of the fold's share of the class. */
static double unevenness(const struct filling *f, const struct group *x, int64_t fold)
{
    const int64_t kinds = f->g->kinds;
    double sum = 0.0;

    for (int64_t k = 0; k < kinds; k++) {
        for (int64_t i = 0; i < f->folds; i++)
            f->share[i] = (f->of_kind[i * kinds + k] + (i == fold ? x->of_kind[k] : 0.0)) / f->g->count[k];
        sum += deviation(f->share, f->folds);
    }
    return sum / (double)kinds;
}

static double rows_in(const struct filling *f, int64_t fold)
{
    double rows = 0.0;

    for (int64_t k = 0; k < f->g->kinds; k++)
        rows += f->of_kind[fold * f->g->kinds + k];
    return rows;
}

/* The fold that leaves the classes most even; of those that are as good, to NumPy's isclose(), the one with
 * the fewest rows. */
static int64_t best_fold(const struct filling *f, const struct group *x)
{
    double least = INFINITY, fewest = INFINITY;
    int64_t best = 0;

    for (int64_t i = 0; i < f->folds; i++) {
        const double uneven = unevenness(f, x, i), rows = rows_in(f, i);
        const bool close = fabs(uneven - least) <= 1e-8 + 1e-5 * fabs(least);

        if (uneven < least || (close && rows < fewest)) {
            least = uneven;
            fewest = rows;
            best = i;
        }
    }
    return best;
}

static void choose_even_fold(struct groups *g, int64_t folds, int64_t fold)
{
    struct filling f = {.g = g, .folds = folds};

    f.of_kind = mem_array((size_t)(folds * g->kinds), sizeof *f.of_kind);
    f.share = mem_array((size_t)folds, sizeof *f.share);
    qsort(g->group, (size_t)g->n, sizeof *g->group, by_deviation);
    for (int64_t i = 0; i < g->n; i++) {
        const int64_t best = best_fold(&f, &g->group[i]);

        for (int64_t k = 0; k < g->kinds; k++)
            f.of_kind[best * g->kinds + k] += g->group[i].of_kind[k];
        g->group[i].held = best == fold;
    }
    free(f.of_kind);
    free(f.share);
}

/* ---- all ----------------------------------------------------------------------------------- */

static status choose(struct groups *g, const struct spec_data *s, int64_t rows, struct problem *p)
{
    if (s->folds > g->n)
        return problem_set(p, "data.folds", 0, "", "data.folds: %lld folds of %lld group%s",
                           (long long)s->folds, (long long)g->n, g->n == 1 ? "" : "s");
    if (g->kind && kinds_check_folds(g->kind, s->folds, p) != OK)
        return FAILED;
    if (s->folds && g->kind)
        choose_even_fold(g, s->folds, s->fold);
    else if (s->folds)
        choose_fold(g, s->folds, s->fold);
    else
        choose_share(g, s->validation_share, (double)rows);
    return OK;
}

status groups_hold(const struct spec *spec, const struct dataset *source, const struct kinds *kinds,
                   bool *held, struct problem *p)
{
    const struct spec_data *s = &spec->data;
    const int64_t rows = source->info.rows;
    struct groups g = {.kind = kinds};
    int64_t nheld = 0;
    status result;

    find_groups(&g, spec, source);
    result = choose(&g, s, rows, p);
    qsort(g.group, (size_t)g.n, sizeof *g.group, by_number);
    for (int64_t i = 0; i < rows && result == OK; i++) {
        held[i] = group_of(&g, source->info.group[i])->held;
        nheld += held[i];
    }
    if (result == OK && s->folds && (nheld == 0 || nheld == rows))
        result = problem_set(p, "data.folds", 0, "", "fold %lld of %lld groups in %lld folds has no row",
                             (long long)s->fold, (long long)g.n, (long long)s->folds);
    else if (result == OK && (nheld == 0 || nheld == rows))
        result = problem_set(p, "data.validation", 0, "", "a share of %g of %lld group%s leaves none for %s",
                             s->validation_share, (long long)g.n, g.n == 1 ? "" : "s",
                             nheld ? "training" : "validation");
    free(g.of_kind);
    free(g.place);
    free(g.count);
    free(g.group);
    return result;
}
