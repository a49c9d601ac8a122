/* data_split.c - which rows of the source are for training, which are held out, and how many of the former
 * are used. See data_parts.h.
 *
 * Everything is drawn by the experiment's seed, so all trials and repeats have the same rows. A share keeps
 * the stream that it always had; folds are contiguous parts of a seeded order, as of scikit-learn's KFold
 * with shuffle; with `stratify` they have as many rows of each class as its StratifiedKFold gives them. Rows
 * that stay together are data_groups.c, how a dataset is read is data_read.c.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"

enum { STREAM_HELD = DATA_STREAM_HELD, STREAM_ROWS }; /* instances of RNG_SPLIT, see rng.h */

/* What is known while rows are drawn. */
struct draw {
    const struct spec *spec;
    struct dataset *source;
    int64_t rows;
    int64_t *order;     /* [rows] all of them, shuffled */
    bool *held;         /* [rows] for validation */
    struct kinds kinds; /* with stratify */
    struct problem *p;
};

static status no_memory(const struct draw *d)
{
    return problem_no_memory(d->p, "data", 0, "", "%lld rows", (long long)d->rows);
}

/* All rows in the order of STREAM; NULL: out of memory. */
static int64_t *shuffled(const struct draw *d, uint32_t stream)
{
    struct rng_stream s = rng_stream(d->spec->seed, RNG_SPLIT, stream, 0);
    int64_t *order = data_count(d->rows);

    if (order)
        rng_shuffle(&s, order, d->rows);
    return order;
}

/* ---- a share ---------------------------------------------------------------------------- */

/* A class and what of its due is left after whole rows. */
struct rest {
    int64_t kind;
    double left;
};

static int by_rest(const void *a, const void *b)
{
    const struct rest *x = a, *y = b;

    if (x->left != y->left)
        return x->left < y->left ? 1 : -1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

/* How many of N rows each class gets: its share, and the rows that are left over go to the largest remainders
 * (as StratifiedShuffleSplit has it, which draws lots among equal ones). free() it. */
static int64_t *quotas(const struct kinds *k, int64_t n, int64_t rows)
{
    int64_t *quota = mem_array((size_t)k->n, sizeof *quota), left = n;
    struct rest *rest = mem_array((size_t)k->n, sizeof *rest);

    for (int64_t i = 0; i < k->n; i++) {
        const double due = (double)n * (double)k->count[i] / (double)rows;

        quota[i] = (int64_t)floor(due);
        rest[i] = (struct rest){i, due - floor(due)};
        left -= quota[i];
    }
    qsort(rest, (size_t)k->n, sizeof *rest, by_rest);
    for (int64_t i = 0; i < left && i < k->n; i++)
        quota[rest[i].kind]++;
    free(rest);
    return quota;
}

static status hold_share(struct draw *d)
{
    const double share = d->spec->data.validation_share;
    const int64_t n = (int64_t)floor(share * (double)d->rows + 0.5);
    int64_t *quota;

    if (n < 1 || n >= d->rows)
        return problem_set(d->p, "data.validation", 0, "", "a share of %g of %lld rows leaves none for %s",
                           share, (long long)d->rows, n < 1 ? "validation" : "training");
    if (!d->spec->data.stratify) {
        for (int64_t i = d->rows - n; i < d->rows; i++)
            d->held[d->order[i]] = true;
        return OK;
    }
    quota = quotas(&d->kinds, n, d->rows);
    for (int64_t i = 0; i < d->rows; i++)
        d->held[d->order[i]] = quota[d->kinds.of[d->order[i]]]-- > 0;
    free(quota);
    return OK;
}

/* ---- a fold --------------------------------------------------------------------------------- */

static void hold_slice(struct draw *d, int64_t folds, int64_t fold)
{
    const int64_t each = d->rows / folds, more = d->rows % folds;
    const int64_t begin = fold * each + (fold < more ? fold : more), n = each + (fold < more);

    for (int64_t i = begin; i < begin + n; i++)
        d->held[d->order[i]] = true;
}

/* Were the rows sorted by class, in the order in which the classes first come, and dealt round to the folds,
 * a class would have so many rows in each: so many it gets, of its rows in the shuffled order. */
static status hold_dealt(struct draw *d, int64_t folds, int64_t fold)
{
    const struct kinds *k = &d->kinds;
    int64_t *first = mem_array((size_t)k->n, sizeof *first); /* where its part for the fold begins */
    int64_t *quota = mem_array((size_t)k->n, sizeof *quota), *met = mem_array((size_t)k->n, sizeof *met);

    for (int64_t i = 0, at = 0; i < k->n; at += k->count[i++]) {
        for (int64_t f = 0; f <= fold; f++) {
            const int64_t lead = (f - at % folds + folds) % folds; /* of its rows, before the fold's first */
            const int64_t n = k->count[i] > lead ? (k->count[i] - lead - 1) / folds + 1 : 0;

            first[i] += f < fold ? n : 0;
            quota[i] = n;
        }
    }
    for (int64_t i = 0; i < d->rows; i++) {
        const int32_t kind = k->of[d->order[i]];
        const int64_t place = met[kind]++;

        d->held[d->order[i]] = place >= first[kind] && place < first[kind] + quota[kind];
    }
    free(first);
    free(quota);
    free(met);
    return kinds_check_folds(k, folds, d->p);
}

static status hold_fold(struct draw *d)
{
    const struct spec_data *s = &d->spec->data;

    if (s->folds > d->rows)
        return problem_set(d->p, "data.folds", 0, "", "data.folds: %lld folds of %lld rows",
                           (long long)s->folds, (long long)d->rows);
    if (s->stratify)
        return hold_dealt(d, s->folds, s->fold);
    hold_slice(d, s->folds, s->fold);
    return OK;
}

/* Classes that a stratified split cannot have on both sides: in every fold, or in this share. */
static void warn_one_sided(const struct draw *d)
{
    const struct host_env *env = d->source->in.env;
    const int64_t folds = d->spec->data.folds;
    int64_t *held = mem_array((size_t)d->kinds.n, sizeof *held), few = 0, least = d->rows;
    char text[200];

    for (int64_t i = 0; i < d->rows; i++)
        held[d->kinds.of[i]] += d->held[i];
    for (int64_t k = 0; k < d->kinds.n; k++) {
        const int64_t n = d->kinds.count[k];

        few += folds ? n < folds : held[k] == 0 || held[k] == n;
        least = n < least ? n : least;
    }
    free(held);
    if (!few || !env->warn)
        return;
    snprintf(text, sizeof text, "%lld class%s: the rarest has %lld row%s", (long long)few,
             folds      ? few == 1 ? " has fewer rows than there are folds"
                                   : "es have fewer rows than there are folds"
             : few == 1 ? " is not both trained on and held out"
                        : "es are not both trained on and held out",
             (long long)least, least == 1 ? "" : "s");
    env->warn(env->warn_arg, "data.stratify", text);
}

/* ---- how many of the training rows are used ------------------------------------------------- */

/* A row, and where it stands among those of its class: at the middle of the PLACE-th of COUNT parts. */
struct ranked {
    int64_t row;
    double at;
    int64_t order;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* N rows in an order of which every beginning has each class in proportion. */
static void spread_evenly(const struct draw *d, int64_t *row, int64_t n)
{
    const struct kinds *k = &d->kinds;
    int64_t *count = mem_array((size_t)k->n, sizeof *count), *met = mem_array((size_t)k->n, sizeof *met);
    struct ranked *ranked = mem_array((size_t)n, sizeof *ranked);

    for (int64_t i = 0; i < n; i++)
        count[k->of[row[i]]]++;
    for (int64_t i = 0; i < n; i++) {
        const int32_t kind = k->of[row[i]];

        ranked[i] = (struct ranked){row[i], ((double)met[kind]++ + 0.5) / (double)count[kind], i};
    }
    qsort(ranked, (size_t)n, sizeof *ranked, by_rank);
    for (int64_t i = 0; i < n; i++)
        row[i] = ranked[i].row;
    free(ranked);
    free(count);
    free(met);
}

static status use_some(struct draw *d, struct parts *parts)
{
    const double wanted = d->spec->data.rows;
    const double n = wanted < 1 ? floor(wanted * (double)parts->ntrain + 0.5) : wanted;
    int64_t *order, to = 0;

    if (n < 1 || n > (double)parts->ntrain)
        return problem_set(d->p, "data.rows", 0, "", "data.rows: %.15g of %lld training rows %s", wanted,
                           (long long)parts->ntrain, n < 1 ? "leaves none" : "are more than there are");
    order = shuffled(d, STREAM_ROWS);
    if (!order)
        return no_memory(d);
    for (int64_t i = 0; i < d->rows; i++)
        if (!d->held[order[i]])
            order[to++] = order[i];
    if (d->spec->data.stratify)
        spread_evenly(d, order, to);
    free(parts->train);
    parts->train = order;
    parts->ntrain = (int64_t)n;
    data_sort(parts->train, parts->ntrain);
    return OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* From what is held: both lists, in the order of the source. */
static status make_parts(const struct draw *d, struct parts *parts)
{
    int64_t n[2] = {0, 0};

    parts->train = mem_try_aligned((size_t)d->rows, sizeof *parts->train);
    parts->validation = mem_try_aligned((size_t)d->rows, sizeof *parts->validation);
    if (!parts->train || !parts->validation)
        return no_memory(d);
    for (int64_t i = 0; i < d->rows; i++)
        (d->held[i] ? parts->validation : parts->train)[n[d->held[i]]++] = i;
    parts->ntrain = n[0];
    parts->nvalidation = n[1];
    return OK;
}

static status draw_all(struct draw *d, struct parts *parts)
{
    const struct spec_data *s = &d->spec->data;
    const bool splits = s->validation_share > 0 || s->folds, groups = splits && d->source->info.group;
    status result = OK;

    if (s->stratify && kinds_of_source(d->source, "data.stratify", &d->kinds, d->p) != OK)
        return FAILED;
    d->order = shuffled(d, STREAM_HELD);
    if (!d->order)
        return no_memory(d);
    d->held = mem_array((size_t)d->rows, sizeof *d->held);
    if (groups)
        result = groups_hold(d->spec, d->source, s->stratify ? &d->kinds : NULL, d->held, d->p);
    else if (s->validation_share > 0)
        result = hold_share(d);
    else if (s->folds)
        result = hold_fold(d);
    if (result == OK && s->stratify && splits)
        warn_one_sided(d);
    if (result == OK)
        result = make_parts(d, parts);
    if (result == OK && s->rows != 1)
        result = use_some(d, parts);
    return result;
}

status data_split(const struct spec *spec, struct dataset *source, struct parts *out, struct problem *p)
{
    const struct spec_data *s = &spec->data;
    struct draw d = {.spec = spec, .source = source, .rows = source->info.rows, .p = p};
    status result = OK;

    *out = (struct parts){.ntrain = d.rows};
    if (s->validation_share > 0 || s->folds || s->rows != 1)
        result = draw_all(&d, out);
    kinds_release(&d.kinds);
    free(d.order);
    free(d.held);
    return result;
}

void parts_release(struct parts *parts)
{
    free(parts->train);
    free(parts->validation);
    *parts = (struct parts){0};
}
