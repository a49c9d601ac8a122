/* forest.c - see forest.h. Each split is the one that leaves the smallest sum of squares, of
 * all settings; sets of categories are tried in the order of their means, among which the best set
 * is (Breiman et al., "Classification and Regression Trees", 1984, section 8.8).
 */
#include "sweep/forest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sweep/draw.h"

/* A gain below this share of the root's sum of squares is rounding. */
#define LEAST_GAIN 1e-12

struct grower {
    const struct forest_data *data;
    size_t leaf;
    uint8_t *level; /* [rows,ndims] of the drawn rows */
    double *y;
    uint32_t *row, *spare; /* [rows]: the rows of a node are a piece of it */
    double least_gain;
    struct forest_tree *tree;
};

struct cut {
    double gain;
    uint32_t dim;
    uint64_t left;
};

void forest_fill(const struct forest_data *data, const uint8_t *level, struct rng_stream *s, uint8_t *out)
{
    for (size_t d = 0; d < data->ndims; d++) {
        const struct forest_setting *setting = &data->setting[d];

        out[d] = level[d];
        if (out[d] == FOREST_NONE && setting->levels == 1) {
            out[d] = 0; /* there is no choice: a database may have thousands of such settings */
        } else if (out[d] == FOREST_NONE && setting->levels) {
            double u = draw_uniform(s), sum = setting->weight[0];

            for (out[d] = 0; u >= sum && out[d] + 1u < setting->levels;)
                sum += setting->weight[++out[d]];
        }
    }
}

/* ---- the best cut --------------------------------------------------------------- */

/* What a node's rows have at each level of a setting. */
struct tally {
    uint32_t n[FOREST_LEVELS];
    double sum[FOREST_LEVELS];
};

/* The levels that occur, numbers in their order, categories by their mean; returns how many. */
static size_t order_levels(const struct forest_setting *setting, const struct tally *t, uint8_t *order)
{
    size_t n = 0;

    for (uint8_t v = 0; v < setting->levels; v++) {
        size_t at = n;

        if (!t->n[v])
            continue;
        for (; !setting->ordered && at > 0; at--) {
            uint8_t before = order[at - 1];

            if (t->sum[before] / t->n[before] <= t->sum[v] / t->n[v])
                break;
            order[at] = before;
        }
        order[at] = v;
        n++;
    }
    return n;
}

/* The levels of the first K of ORDER [n]. Levels that do not occur go with their neighbours, up to
 * the middle of the gap, or with the side that has more rows. */
static uint64_t left_levels(const struct forest_setting *setting, const uint8_t *order, size_t n, size_t k,
                            bool more)
{
    uint64_t left = 0, right = 0, all;

    if (setting->ordered)
        return (1ull << ((order[k - 1] + order[k]) / 2 + 1)) - 1;
    for (size_t i = 0; i < n; i++)
        *(i < k ? &left : &right) |= 1ull << order[i];
    all = setting->levels == 64 ? UINT64_MAX : (1ull << setting->levels) - 1;
    return more ? all & ~right : left;
}

static void cut_setting(const struct grower *g, uint32_t d, const uint32_t *row, size_t n, double total,
                        struct cut *best)
{
    const struct forest_setting *setting = &g->data->setting[d];
    struct tally t = {{0}, {0}};
    uint8_t order[FOREST_LEVELS];
    double sum = 0;
    size_t known, count = 0;

    for (size_t i = 0; i < n; i++) {
        uint8_t v = g->level[row[i] * g->data->ndims + d];

        t.n[v]++;
        t.sum[v] += g->y[row[i]];
    }
    known = order_levels(setting, &t, order);
    for (size_t k = 1; k < known; k++) {
        double gain, rest;

        count += t.n[order[k - 1]];
        sum += t.sum[order[k - 1]];
        rest = total - sum;
        if (count < g->leaf || n - count < g->leaf)
            continue;
        gain = sum * sum / (double)count + rest * rest / (double)(n - count) - total * total / (double)n;
        if (gain > best->gain)
            *best = (struct cut){gain, d, left_levels(setting, order, known, k, count > n - count)};
    }
}

/* ---- the tree ---------------------------------------------------------------------- */

static bool goes_left(const struct forest_node *node, uint8_t level)
{
    return node->left >> level & 1;
}

static void grow(struct grower *g, size_t at, uint32_t *row, size_t n)
{
    struct cut best = {.gain = g->least_gain};
    struct forest_tree *t = g->tree;
    double total = 0;
    size_t left = 0, right = 0;

    for (size_t i = 0; i < n; i++)
        total += g->y[row[i]];
    t->node[at] = (struct forest_node){.value = total / (double)n};
    if (n < 2 * g->leaf)
        return;
    for (uint32_t d = 0; d < g->data->ndims; d++)
        if (g->data->setting[d].levels > 1)
            cut_setting(g, d, row, n, total, &best);
    if (!best.left)
        return;
    t->node[at].dim = best.dim;
    t->node[at].left = best.left;
    t->node[at].child = (uint32_t)t->n;
    for (size_t i = 0; i < n; i++)
        if (goes_left(&t->node[at], g->level[row[i] * g->data->ndims + best.dim]))
            row[left++] = row[i];
        else
            g->spare[right++] = row[i];
    for (size_t i = 0; i < right; i++)
        row[left + i] = g->spare[i];
    t->n += 2;
    grow(g, t->node[at].child, row, left);
    grow(g, t->node[at].child + 1, row + left, right);
}

void forest_grow(const struct forest_data *data, struct rng_stream *s, size_t nrows, size_t leaf,
                 struct forest_tree *out, bool *bag)
{
    struct grower g = {.data = data, .leaf = leaf, .tree = out};
    double square = 0;

    for (size_t i = 0; i < data->nrows; i++)
        bag[i] = false;
    g.level = mem_array(nrows, data->ndims);
    g.y = mem_array(nrows, sizeof *g.y);
    g.row = mem_array(nrows, sizeof *g.row);
    g.spare = mem_array(nrows, sizeof *g.spare);
    for (size_t i = 0; i < nrows; i++) {
        size_t from = (size_t)rng_below(s, data->nrows);

        bag[from] = true;
        forest_fill(data, data->level + from * data->ndims, s, g.level + i * data->ndims);
        g.y[i] = data->y[from];
        g.row[i] = (uint32_t)i;
        square += g.y[i] * g.y[i];
    }
    g.least_gain = LEAST_GAIN * square;
    out->node = mem_array(2 * nrows, sizeof *out->node); /* a leaf has a row at least */
    out->n = 1;
    grow(&g, 0, g.row, nrows);
    free(g.level);
    free(g.y);
    free(g.row);
    free(g.spare);
}

void forest_release(struct forest_tree *t)
{
    free(t->node);
}

double forest_value(const struct forest_tree *t, const uint8_t *level)
{
    const struct forest_node *node = t->node;

    while (node->child)
        node = &t->node[node->child + !goes_left(node, level[node->dim])];
    return node->value;
}
