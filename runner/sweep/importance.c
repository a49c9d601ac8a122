/* importance.c - see importance.h.
 *
 * A tree is a function that is constant on boxes: l has the value y_l and, of setting j, the share
 * m_j(l) of its levels by weight. So integrals over settings are sums over leaves, without sampling.
 * With f0 = sum_l y_l prod_j m_j(l), the mean, the variance splits into
 *
 *     V    = sum_l y_l^2 prod_j m_j(l) - f0^2
 *     V_j  = sum_v w_j(v) (a_j(v) - f0)^2,        a_j(v) = sum over l with v in l of
 *                                                          y_l prod over k not j of m_k(l)
 *     V_jk = sum_v,u w_j(v) w_k(u) (a_jk(v,u) - f0)^2 - V_j - V_k,     a_jk likewise
 *
 * and so on for more settings (Hutter et al. 2014, section 4). A share is V_j / V or V_jk / V,
 * the mean over the trees. Numbers are cut into NUMBER_LEVELS levels of about as many distinct values;
 * of more than FOREST_LEVELS categories the rarer ones are taken together.
 */
#include "sweep/importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sweep/draw.h"
#include "sweep/forest.h"

enum { NUMBER_LEVELS = 32, TREES = 64, LEAF = 3, ROWS_MOST = 5000 /* of one tree */ };

/* ---- levels ---------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The place of X in V [n], which is sorted and has it. */
static size_t find_value(const double *v, size_t n, double x)
{
    size_t low = 0, high = n;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (v[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Column D of X [n,ndims] to levels. */
static void number_levels(const double *x, size_t n, size_t ndims, size_t d, struct forest_setting *out,
                          uint8_t *level)
{
    double *v = mem_array(n, sizeof *v);
    size_t known = 0, distinct = 0, levels;

    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * ndims + d]))
            v[known++] = x[i * ndims + d];
    qsort(v, known, sizeof *v, by_value);
    for (size_t i = 0; i < known; i++)
        if (!distinct || v[i] != v[distinct - 1])
            v[distinct++] = v[i];
    levels = distinct < NUMBER_LEVELS ? distinct : NUMBER_LEVELS;
    *out = (struct forest_setting){.levels = (uint32_t)levels, .ordered = true};
    for (size_t i = 0; i < distinct; i++)
        out->weight[i * levels / distinct] += 1.0 / (double)distinct;
    for (size_t i = 0; i < n; i++) {
        double value = x[i * ndims + d];

        level[i * ndims + d] =
            (uint8_t)(isnan(value) ? FOREST_NONE : find_value(v, distinct, value) * levels / distinct);
    }
    free(v);
}

struct category {
    size_t number, count;
};

static int by_count(const void *a, const void *b)
{
    const struct category *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void category_levels(const double *x, size_t n, size_t ndims, size_t d, size_t choices,
                            struct forest_setting *out, uint8_t *level)
{
    struct category *c = mem_array(choices, sizeof *c);
    uint8_t *level_of = mem_array(choices, sizeof *level_of);
    size_t seen = 0, levels;

    for (size_t k = 0; k < choices; k++)
        c[k].number = k;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * ndims + d]))
            c[(size_t)x[i * ndims + d]].count++;
    qsort(c, choices, sizeof *c, by_count);
    while (seen < choices && c[seen].count)
        seen++;
    levels = seen < FOREST_LEVELS ? seen : FOREST_LEVELS;
    *out = (struct forest_setting){.levels = (uint32_t)levels};
    for (size_t k = 0; k < seen; k++) {
        size_t v = k < levels ? k : levels - 1;

        level_of[c[k].number] = (uint8_t)v;
        out->weight[v] += 1.0 / (double)seen;
    }
    for (size_t i = 0; i < n; i++) {
        double value = x[i * ndims + d];

        level[i * ndims + d] = isnan(value) ? FOREST_NONE : level_of[(size_t)value];
    }
    free(c);
    free(level_of);
}

/* ---- boxes of a tree ---------------------------------------------------------------- */

struct box {
    double value;
    double size;    /* product of `part` */
    double *part;   /* [ndims]: m_j */
    uint64_t *mask; /* [ndims] */
};

struct boxes {
    size_t n;
    struct box *box;
};

static uint64_t all_levels(const struct forest_setting *s)
{
    return s->levels >= 64 ? UINT64_MAX : (1ull << s->levels) - 1;
}

static double weight_of(const struct forest_setting *s, uint64_t mask)
{
    double sum = 0;

    if (mask == all_levels(s))
        return 1;
    for (; mask; mask &= mask - 1)
        sum += s->weight[__builtin_ctzll(mask)];
    return sum;
}

/* MASK [ndims] is what the nodes above leave of each setting; it is as before afterwards. */
static void collect(const struct forest_data *data, const struct forest_tree *t, size_t at, uint64_t *mask,
                    struct boxes *out)
{
    const struct forest_node *node = &t->node[at];

    if (node->child) {
        uint64_t before = mask[node->dim];

        mask[node->dim] = before & node->left;
        collect(data, t, node->child, mask, out);
        mask[node->dim] = before & ~node->left;
        collect(data, t, node->child + 1, mask, out);
        mask[node->dim] = before;
        return;
    }
    struct box *b = &out->box[out->n++];

    b->value = node->value;
    b->size = 1;
    for (size_t d = 0; d < data->ndims; d++) {
        b->mask[d] = mask[d];
        b->part[d] = weight_of(&data->setting[d], mask[d]);
        b->size *= b->part[d];
    }
}

static void boxes_init(struct boxes *b, const struct forest_data *data, const struct forest_tree *t)
{
    size_t most = (t->n + 1) / 2;
    double *part = mem_array(most * data->ndims, sizeof *part);
    uint64_t *mask = mem_array((most + 1) * data->ndims, sizeof *mask), *whole = mask + most * data->ndims;

    *b = (struct boxes){.box = mem_array(most, sizeof *b->box)};
    for (size_t i = 0; i < most; i++) {
        b->box[i].part = part + i * data->ndims;
        b->box[i].mask = mask + i * data->ndims;
    }
    for (size_t d = 0; d < data->ndims; d++)
        whole[d] = all_levels(&data->setting[d]);
    collect(data, t, 0, whole, b);
}

static void boxes_release(struct boxes *b)
{
    free(b->box[0].part);
    free(b->box[0].mask);
    free(b->box);
}

/* ---- variances -------------------------------------------------------------------------- */

static void add_levels(double *to, uint64_t mask, double value)
{
    for (; mask; mask &= mask - 1)
        to[__builtin_ctzll(mask)] += value;
}

/* V_j */
static double variance_of(const struct forest_data *data, const struct boxes *b, size_t j, double mean)
{
    const struct forest_setting *s = &data->setting[j];
    double a[FOREST_LEVELS] = {0}, sum = 0;

    for (size_t i = 0; i < b->n; i++)
        add_levels(a, b->box[i].mask[j], b->box[i].value * b->box[i].size / b->box[i].part[j]);
    for (uint32_t v = 0; v < s->levels; v++)
        sum += s->weight[v] * (a[v] - mean) * (a[v] - mean);
    return sum;
}

/* V_jk + V_j + V_k. Most boxes have all levels of one of the two and go into a row or column. */
static double variance_of_pair(const struct forest_data *data, const struct boxes *b, size_t j, size_t k,
                               double mean)
{
    const struct forest_setting *sj = &data->setting[j], *sk = &data->setting[k];
    double both[FOREST_LEVELS][FOREST_LEVELS], of_j[FOREST_LEVELS] = {0}, of_k[FOREST_LEVELS] = {0};
    double sum = 0;

    for (uint32_t v = 0; v < sj->levels; v++)
        memset(both[v], 0, sk->levels * sizeof **both);
    for (size_t i = 0; i < b->n; i++) {
        const struct box *box = &b->box[i];
        double a = box->value * box->size / (box->part[j] * box->part[k]);

        if (box->mask[k] == all_levels(sk))
            add_levels(of_j, box->mask[j], a);
        else if (box->mask[j] == all_levels(sj))
            add_levels(of_k, box->mask[k], a);
        else
            for (uint64_t mask = box->mask[j]; mask; mask &= mask - 1)
                add_levels(both[__builtin_ctzll(mask)], box->mask[k], a);
    }
    for (uint32_t v = 0; v < sj->levels; v++)
        for (uint32_t u = 0; u < sk->levels; u++) {
            double a = both[v][u] + of_j[v] + of_k[u] - mean;

            sum += sj->weight[v] * sk->weight[u] * a * a;
        }
    return sum;
}

static double at_least_0(double x)
{
    return x > 0 ? x : 0;
}

/* ---- pairs -------------------------------------------------------------------------------- */

struct pairs {
    size_t n, room;
    struct importance_pair *pair;
};

static void add_pair(struct pairs *p, size_t j, size_t k)
{
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 64;
        p->pair = mem_grow(p->pair, p->room, sizeof *p->pair);
    }
    p->pair[p->n++] = (struct importance_pair){j < k ? j : k, j < k ? k : j, 0};
}

static int by_settings(const void *a, const void *b)
{
    const struct importance_pair *x = a, *y = b;

    return x->j != y->j ? (x->j > y->j ? 1 : -1) : (x->k > y->k) - (x->k < y->k);
}

/* Each setting that is cut below AT with those that are cut above it, ABOVE [depth]. */
static void meet(const struct forest_tree *t, size_t at, size_t *above, size_t depth, struct pairs *out)
{
    const struct forest_node *node = &t->node[at];
    size_t before = 0;

    if (!node->child)
        return;
    while (before < depth && above[before] != node->dim)
        before++;
    if (before == depth) {
        for (size_t i = 0; i < depth; i++)
            add_pair(out, above[i], node->dim);
        above[depth++] = node->dim;
    }
    meet(t, node->child, above, depth, out);
    meet(t, node->child + 1, above, depth, out);
}

/* The pairs that a tree cuts on one way down, each once and in order. Of others it is a sum of what it says
 * of each: V_jk is 0. */
static struct pairs pairs_of(const struct forest_tree *t)
{
    size_t *above = mem_array(t->n, sizeof *above), n = 0;
    struct pairs p = {0};

    meet(t, 0, above, 0, &p);
    if (p.n > 1)
        qsort(p.pair, p.n, sizeof *p.pair, by_settings);
    for (size_t i = 0; i < p.n; i++)
        if (!n || by_settings(&p.pair[i], &p.pair[n - 1]) != 0)
            p.pair[n++] = p.pair[i];
    p.n = n;
    free(above);
    return p;
}

/* Adds those of P, in order, to OUT's. */
static void merge_pairs(struct importance *out, const struct pairs *p)
{
    struct importance_pair *all = mem_array(out->npairs + p->n, sizeof *all);
    size_t n = 0, i = 0, k = 0;

    while (i < out->npairs || k < p->n) {
        const int order = i == out->npairs ? 1 : k == p->n ? -1 : by_settings(&out->pair[i], &p->pair[k]);

        all[n] = order <= 0 ? out->pair[i++] : p->pair[k];
        if (order == 0)
            all[n].share += p->pair[k].share;
        k += order >= 0;
        n++;
    }
    free(out->pair);
    out->pair = all;
    out->npairs = n;
}

/* Adds the shares of tree T; whether it has any variance. */
static bool add_shares(const struct forest_data *data, const struct forest_tree *t, struct importance *out)
{
    struct boxes b;
    double mean = 0, all = 0;
    double *single = mem_array(data->ndims, sizeof *single);
    struct pairs pairs = pairs_of(t);
    size_t n = data->ndims;

    boxes_init(&b, data, t);
    for (size_t i = 0; i < b.n; i++)
        mean += b.box[i].value * b.box[i].size;
    for (size_t i = 0; i < b.n; i++)
        all += (b.box[i].value - mean) * (b.box[i].value - mean) * b.box[i].size;
    for (size_t j = 0; j < n && all > 0; j++) {
        if (data->setting[j].levels < 2)
            continue;
        single[j] = variance_of(data, &b, j, mean);
        out->share[j] += single[j] / all;
    }
    for (struct importance_pair *p = pairs.pair; p < pairs.pair + pairs.n && all > 0; p++)
        p->share =
            at_least_0(variance_of_pair(data, &b, p->k, p->j, mean) - single[p->k] - single[p->j]) / all;
    merge_pairs(out, &pairs);
    boxes_release(&b);
    free(pairs.pair);
    free(single);
    return all > 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static status check(const struct importance_data *data, size_t used, struct error *err)
{
    if (!data->ndims)
        return error_set(err, "no setting is swept");
    if (used < 2)
        return error_set(err, "%zu of %zu trials have a value; two at least are needed", used, data->nrows);
    for (size_t i = 0; i < data->nrows; i++)
        for (size_t d = 0; d < data->ndims; d++) {
            double x = data->x[i * data->ndims + d];

            if (data->choices[d] && !isnan(x) && !(x >= 0 && x < (double)data->choices[d]))
                return error_set(err, "row %zu, setting %zu: %g is no category below %zu", i, d, x,
                                 data->choices[d]);
        }
    return OK;
}

/* Rows with a finite objective into X [used,ndims] and Y [used], which gets mean 0 and at most 1
 * in size: sums of squares stay finite. */
static void take_rows(const struct importance_data *data, double *x, double *y)
{
    double most = 0, mean = 0;
    size_t n = 0;

    for (size_t i = 0; i < data->nrows; i++)
        if (isfinite(data->y[i])) {
            memcpy(x + n * data->ndims, data->x + i * data->ndims, data->ndims * sizeof *x);
            y[n++] = data->y[i];
            most = fabs(data->y[i]) > most ? fabs(data->y[i]) : most;
        }
    for (size_t i = 0; i < n; i++) {
        y[i] = most > 0 ? y[i] / most : 0;
        mean += y[i];
    }
    mean /= (double)n;
    most = 0;
    for (size_t i = 0; i < n; i++) {
        y[i] -= mean;
        most = fabs(y[i]) > most ? fabs(y[i]) : most;
    }
    for (size_t i = 0; i < n && most > 0; i++)
        y[i] /= most;
}

/* SUM [n] of the predictions of COUNT [n] trees, for each row of those that have not seen it. */
static double fit_of(const double *y, size_t n, const double *sum, const size_t *count)
{
    double wrong = 0, all = 0;

    for (size_t i = 0; i < n; i++)
        if (count[i]) {
            double miss = y[i] - sum[i] / (double)count[i];

            wrong += miss * miss;
            all += y[i] * y[i];
        }
    return all > 0 ? 1 - wrong / all : NAN;
}

static void run_forest(const struct importance_settings *s, const struct forest_data *data,
                       struct importance *out)
{
    int64_t trees = s->trees > 0 ? s->trees : TREES, varied = 0;
    size_t leaf = s->leaf > 0 ? (size_t)s->leaf : LEAF, n = data->nrows, ndims = data->ndims;
    bool *bag = mem_array(n, sizeof *bag);
    double *sum = mem_array(n, sizeof *sum);
    size_t *count = mem_array(n, sizeof *count);
    uint8_t *level = mem_array(ndims, sizeof *level);

    for (int64_t i = 0; i < trees; i++) {
        struct rng_stream stream = draw_stream(s->seed, DRAW_FOREST, (size_t)i % DRAW_INSTANCES, 0);
        struct forest_tree t;

        forest_grow(data, &stream, n < ROWS_MOST ? n : ROWS_MOST, leaf, &t, bag);
        varied += add_shares(data, &t, out);
        for (size_t r = 0; r < n; r++)
            if (!bag[r]) {
                forest_fill(data, data->level + r * ndims, &stream, level);
                sum[r] += forest_value(&t, level);
                count[r]++;
            }
        forest_release(&t);
    }
    for (size_t d = 0; d < ndims && varied; d++)
        out->share[d] /= (double)varied;
    for (size_t i = 0; i < out->npairs && varied; i++)
        out->pair[i].share /= (double)varied;
    out->fit = fit_of(data->y, n, sum, count);
    free(bag);
    free(sum);
    free(count);
    free(level);
}

status importance_compute(const struct importance_settings *s, const struct importance_data *data,
                          struct importance *out, struct error *err)
{
    size_t ndims = data->ndims, used = 0;
    struct forest_setting *setting;
    uint8_t *level;
    double *x, *y;

    for (size_t i = 0; i < data->nrows; i++)
        used += isfinite(data->y[i]) != 0;
    if (check(data, used, err))
        return FAILED;
    x = mem_array(used * ndims, sizeof *x);
    y = mem_array(used, sizeof *y);
    setting = mem_array(ndims, sizeof *setting);
    level = mem_array(used * ndims, sizeof *level);
    take_rows(data, x, y);
    for (size_t d = 0; d < ndims; d++) {
        out->share[d] = 0;
        if (data->choices[d])
            category_levels(x, used, ndims, d, data->choices[d], &setting[d], level);
        else
            number_levels(x, used, ndims, d, &setting[d], level);
    }
    *out = (struct importance){.nused = used, .share = out->share};
    run_forest(s, &(struct forest_data){used, ndims, setting, level, y}, out);
    free(x);
    free(y);
    free(setting);
    free(level);
    return OK;
}
