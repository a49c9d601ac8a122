/* lesson_paths.c - the chain rule as a sum over all paths from the chosen weight to the loss.
 *
 * The slope of every output by every input of its entry (the Jacobian) comes from the plugin's own
 * backward, which is given one output's unit vector at a time; nothing is kept but one block of rows. Going
 * forward, each output remembers how many paths lead to it, the sum of their products and the largest; this
 * costs as much as the net has edges, however many paths there are. The largest paths are then walked back
 * from the loss, always on from the best one so far (A* with exact bounds: what a beginning can still
 * become is known). All in double.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "explain/lab.h"

enum { MOST_ITEMS = 4000000 };       /* beginnings of paths that may wait */
static const double most_work = 4e9; /* edges; a larger net is not walked */

/* Of the outputs of one entry that the weight can reach. */
struct reach {
    bool any;
    double *count, *sum, *largest, *best; /* [size] paths; sum of products, of their sizes; largest size */
};

/* The beginning of a path, from the loss backwards. */
struct begun {
    double bound;   /* the largest product that it can become */
    double product; /* so far */
    double edge;    /* the last factor */
    size_t parent;  /* in items; itself: none */
    int entry;
    int64_t index;
};

struct walk {
    struct lab *p;
    int start; /* the weight's entry */
    struct reach *reach;
    double *slope; /* [size of start] d output / d weight */
    float *dy;     /* [LAB_ROWS, size] of any entry */
    float **dx;    /* [most inputs] each [LAB_ROWS, size] */
    size_t nitems, room, nheap;
    struct begun *item;
    size_t *heap; /* of items; the best first */
};

/* ---- slopes ------------------------------------------------------------------------------- */

/* dx of every input of entry I for the dy in W, as forward left LAB_ROWS rows of the sample. */
static status backward(struct walk *w, size_t i, struct error *err)
{
    const struct net_entry *e = &w->p->entry[i];
    float **none = mem_array((e->layer ? e->layer->ntensors : 0) + 1, sizeof *none);
    const status st = net_entry_backward(w->p->net, i, w->dy, w->dx, none, err);

    free(none);
    return st;
}

/* Elementwise: one backward of ones has every slope. */
static bool diagonal(const struct net_entry *e)
{
    return e->activation && !(e->activation->flags & FELL_ROWWISE);
}

/* Rows FIRST .. FIRST + N - 1 of the Jacobian of entry I into W's dx. */
static status rows_of(struct walk *w, size_t i, int64_t first, int64_t n, struct error *err)
{
    const int64_t size = w->p->entry[i].size;

    memset(w->dy, 0, (size_t)(LAB_ROWS * size) * sizeof *w->dy);
    for (int64_t k = 0; k < n; k++)
        w->dy[k * size + first + k] = 1.0f;
    return backward(w, i, err);
}

static status diagonal_of(struct walk *w, size_t i, struct error *err)
{
    for (int64_t k = 0; k < LAB_ROWS * w->p->entry[i].size; k++)
        w->dy[k] = 1.0f;
    return backward(w, i, err);
}

static int64_t input_size(const struct walk *w, const struct net_entry *e, int k)
{
    return e->from[k] == FROM_INPUT ? w->p->q->data->x_size : w->p->entry[e->from[k]].size;
}

/* d output / d weight of every output of the weight's own entry, one backward each. */
static status first_slopes(struct walk *w, struct error *err)
{
    const struct lesson_weight *chosen = &w->p->l->weight;
    const struct net_tensor *t = &w->p->tensor[chosen->tensor];
    const struct net_entry *e = &w->p->entry[w->start];
    float **grad = mem_array(e->layer->ntensors, sizeof *grad),
          **none = mem_array((size_t)e->nin, sizeof *none);
    float *g = mem_try_aligned((size_t)tensor_padded(t->n), sizeof *g);
    status st = OK;

    net_feed(w->p->net, MODE_LOOK, &w->p->one);
    if (!g)
        st = error_set(err, "no memory for a gradient");
    if (st == OK)
        st = net_forward(w->p->net, MODE_LOOK, w->p->l->step + 1, err);
    grad[t->index] = g;
    memset(w->dy, 0, (size_t)e->size * sizeof *w->dy);
    for (int64_t i = 0; i < e->size && st == OK; i++) {
        w->dy[i] = 1.0f;
        g[chosen->flat] = 0.0f; /* the others are not read */
        st = net_entry_backward(w->p->net, (size_t)w->start, w->dy, none, grad, err);
        w->dy[i] = 0.0f;
        w->slope[i] = (double)g[chosen->flat];
    }
    free(g);
    free(grad);
    free(none);
    return st;
}

/* ---- forward: counts, sums, bounds ----------------------------------------------------------- */

static void new_reach(struct walk *w, struct reach *r, int64_t size)
{
    struct arena *a = w->p->l->arena;

    r->any = true;
    r->count = arena_alloc(a, (size_t)size * sizeof(double));
    r->sum = arena_alloc(a, (size_t)size * sizeof(double));
    r->largest = arena_alloc(a, (size_t)size * sizeof(double));
    r->best = arena_alloc(a, (size_t)size * sizeof(double));
}

/* The edge from output K of FROM to output M of TO, with its slope. */
static void add_edge(const struct reach *from, int64_t k, struct reach *to, int64_t m, double slope)
{
    const double best = from->best[k] * fabs(slope);

    if (slope == 0.0 || from->count[k] == 0.0)
        return;
    to->count[m] += from->count[k];
    to->sum[m] += from->sum[k] * slope;
    to->largest[m] += from->largest[k] * fabs(slope);
    to->best[m] = best > to->best[m] ? best : to->best[m];
}

static status pass_entry(struct walk *w, int i, struct error *err)
{
    const struct net_entry *e = &w->p->entry[i];
    struct reach *to = &w->reach[i];

    new_reach(w, to, e->size);
    if (diagonal(e)) {
        if (diagonal_of(w, (size_t)i, err) != OK)
            return FAILED;
        for (int64_t m = 0; m < e->size; m++)
            add_edge(&w->reach[e->from[0]], m, to, m, (double)w->dx[0][m]);
        return OK;
    }
    for (int64_t first = 0; first < e->size; first += LAB_ROWS) {
        const int64_t n = e->size - first < LAB_ROWS ? e->size - first : LAB_ROWS;

        if (rows_of(w, (size_t)i, first, n, err) != OK)
            return FAILED;
        for (int slot = 0; slot < e->nin; slot++) {
            const int64_t size = input_size(w, e, slot);
            const struct reach *from = e->from[slot] == FROM_INPUT ? NULL : &w->reach[e->from[slot]];

            if (!from || !from->any)
                continue;
            for (int64_t r = 0; r < n; r++)
                for (int64_t k = 0; k < size; k++)
                    add_edge(from, k, to, first + r, (double)w->dx[slot][r * size + k]);
        }
    }
    return OK;
}

static bool reached(const struct walk *w, const struct net_entry *e)
{
    for (int k = 0; k < e->nin; k++)
        if (e->from[k] != FROM_INPUT && w->reach[e->from[k]].any)
            return true;
    return false;
}

/* How many edges there are to look at. */
static double work_of(const struct walk *w)
{
    bool *any = mem_array(w->p->nentries, sizeof *any);
    double work = 0.0;

    any[w->start] = true;
    for (size_t i = (size_t)w->start + 1; i < w->p->nentries; i++) {
        const struct net_entry *e = &w->p->entry[i];

        for (int k = 0; k < e->nin; k++) {
            if (e->from[k] == FROM_INPUT || !any[e->from[k]])
                continue;
            any[i] = true;
            work += (double)e->size * (diagonal(e) ? 1.0 : (double)input_size(w, e, k));
        }
    }
    free(any);
    return work;
}

static status pass_forward(struct walk *w, struct error *err)
{
    struct reach *r = &w->reach[w->start];

    new_reach(w, r, w->p->entry[w->start].size);
    for (int64_t i = 0; i < w->p->entry[w->start].size; i++) {
        r->count[i] = w->slope[i] != 0.0;
        r->sum[i] = w->slope[i];
        r->largest[i] = r->best[i] = fabs(w->slope[i]);
    }
    net_feed(w->p->net, MODE_LOOK, &w->p->many);
    if (net_forward(w->p->net, MODE_LOOK, w->p->l->step + 1, err) != OK)
        return FAILED;
    for (size_t i = (size_t)w->start + 1; i < w->p->nentries; i++)
        if (reached(w, &w->p->entry[i]) && pass_entry(w, (int)i, err) != OK)
            return FAILED;
    return OK;
}

/* ---- back from the loss: the largest ------------------------------------------------------------ */

static bool above(const struct walk *w, size_t a, size_t b)
{
    const struct begun *x = &w->item[w->heap[a]], *y = &w->item[w->heap[b]];

    return x->bound > y->bound || (x->bound == y->bound && w->heap[a] < w->heap[b]);
}

static void swap(struct walk *w, size_t a, size_t b)
{
    const size_t t = w->heap[a];

    w->heap[a] = w->heap[b];
    w->heap[b] = t;
}

static void push(struct walk *w, struct begun item)
{
    size_t at = w->nheap++;

    if (w->nitems == w->room) {
        w->room = w->room ? 2 * w->room : 1024;
        w->item = mem_grow(w->item, w->room, sizeof *w->item);
        w->heap = mem_grow(w->heap, w->room, sizeof *w->heap);
    }
    if (item.parent == SIZE_MAX)
        item.parent = w->nitems;
    w->item[w->nitems] = item;
    w->heap[at] = w->nitems++;
    for (; at > 0 && above(w, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(w, at, (at - 1) / 2);
}

static size_t pop(struct walk *w)
{
    const size_t best = w->heap[0];
    size_t at = 0;

    w->heap[0] = w->heap[--w->nheap];
    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= w->nheap)
            return best;
        if (child + 1 < w->nheap && above(w, child + 1, child))
            child++;
        if (!above(w, child, at))
            return best;
        swap(w, at, child);
        at = child;
    }
}

static void push_edge(struct walk *w, size_t parent, int entry, int64_t index, double slope)
{
    const double product = w->item[parent].product * slope,
                 bound = fabs(product) * w->reach[entry].best[index];

    if (slope != 0.0 && bound > 0.0)
        push(w, (struct begun){.bound = bound,
                               .product = product,
                               .edge = slope,
                               .parent = parent,
                               .entry = entry,
                               .index = index});
}

/* One step back, to every output that this one was computed from. */
static status expand(struct walk *w, size_t at, struct error *err)
{
    const struct begun item = w->item[at];
    const struct net_entry *e = &w->p->entry[item.entry];

    if (diagonal(e)) {
        if (diagonal_of(w, (size_t)item.entry, err) != OK)
            return FAILED;
        push_edge(w, at, e->from[0], item.index, (double)w->dx[0][item.index]);
        return OK;
    }
    if (rows_of(w, (size_t)item.entry, item.index, 1, err) != OK)
        return FAILED;
    for (int slot = 0; slot < e->nin; slot++) {
        if (e->from[slot] == FROM_INPUT || !w->reach[e->from[slot]].any)
            continue;
        for (int64_t k = 0; k < input_size(w, e, slot); k++)
            push_edge(w, at, e->from[slot], k, (double)w->dx[slot][k]);
    }
    return OK;
}

/* An item at the weight's own entry is a whole path. */
static void keep_path(struct walk *w, size_t at)
{
    struct lesson_chain *c = &w->p->l->chain;
    struct lesson_path *path = &c->top[c->ntop++];
    size_t n = 2;

    for (size_t i = at; w->item[i].parent != i; i = w->item[i].parent)
        n++;
    path->factor = arena_alloc(w->p->l->arena, n * sizeof *path->factor);
    path->factor[0] = (struct lesson_factor){w->start, w->item[at].index, w->slope[w->item[at].index]};
    path->product = w->item[at].product * w->slope[w->item[at].index];
    for (size_t i = at;; i = w->item[i].parent) {
        const struct begun *item = &w->item[i], *next = &w->item[item->parent];
        const bool end = item->parent == i;

        path->factor[++path->n] = (struct lesson_factor){end ? (int)w->p->nentries : next->entry,
                                                         end ? 0 : next->index, item->edge};
        if (end)
            break;
    }
    path->n = n;
}

static status find_largest(struct walk *w, struct error *err)
{
    struct lesson_chain *c = &w->p->l->chain;
    const int last = (int)w->p->nentries - 1;
    const struct lesson_entry *out = &w->p->l->entry[last];

    for (int64_t k = 0; k < out->size; k++)
        if (out->dy[k] != 0.0 && w->reach[last].best[k] > 0.0)
            push(w, (struct begun){.bound = fabs(out->dy[k]) * w->reach[last].best[k],
                                   .product = out->dy[k],
                                   .edge = out->dy[k],
                                   .parent = SIZE_MAX,
                                   .entry = last,
                                   .index = k});
    while (w->nheap > 0 && c->ntop < MOST_PATHS && w->nitems < MOST_ITEMS) {
        const size_t at = pop(w);

        if (w->item[at].entry == w->start)
            keep_path(w, at);
        else if (expand(w, at, err) != OK)
            return FAILED;
    }
    return OK;
}

/* ---- all together ----------------------------------------------------------------------------------- */

static void add_up(struct walk *w)
{
    struct lesson *l = w->p->l;
    struct lesson_chain *c = &l->chain;
    const struct lesson_entry *out = &l->entry[l->nentries - 1];
    const struct reach *r = &w->reach[l->nentries - 1];

    for (int64_t k = 0; r->any && k < out->size; k++) {
        if (out->dy[k] == 0.0)
            continue;
        c->npaths += r->count[k];
        c->sum += r->sum[k] * out->dy[k];
        c->largest += r->largest[k] * fabs(out->dy[k]);
    }
}

/* Too many edges: the engine's blame stands for everything behind the weight's own entry. */
static void add_blame(struct walk *w)
{
    struct lesson *l = w->p->l;
    const struct lesson_entry *e = &l->entry[w->start];

    for (int64_t k = 0; k < e->size; k++) {
        l->chain.sum += w->slope[k] * e->dy[k];
        l->chain.largest += fabs(w->slope[k] * e->dy[k]);
    }
    l->chain.npaths = NAN;
}

static status make_room(struct walk *w, struct error *err)
{
    size_t most = 0, inputs = 1;

    for (size_t i = 0; i < w->p->nentries; i++) {
        const struct net_entry *e = &w->p->entry[i];

        most = (size_t)e->size > most ? (size_t)e->size : most;
        inputs = (size_t)e->nin > inputs ? (size_t)e->nin : inputs;
        for (int k = 0; k < e->nin; k++)
            most = (size_t)input_size(w, e, k) > most ? (size_t)input_size(w, e, k) : most;
    }
    w->reach = mem_array(w->p->nentries, sizeof *w->reach);
    w->slope = mem_array(most, sizeof *w->slope);
    w->dx = mem_array(inputs, sizeof *w->dx);
    w->dy = mem_try_aligned(LAB_ROWS, most * sizeof *w->dy);
    for (size_t i = 0; i < inputs; i++)
        if (!(w->dx[i] = mem_try_aligned(LAB_ROWS, most * sizeof **w->dx)))
            return error_set(err, "no memory for the slopes of a layer");
    w->p->l->chain.listed = work_of(w) <= most_work;
    return w->dy ? OK : error_set(err, "no memory for the slopes of a layer");
}

static void release(struct walk *w)
{
    size_t inputs = 1;

    for (size_t i = 0; i < w->p->nentries; i++)
        inputs = (size_t)w->p->entry[i].nin > inputs ? (size_t)w->p->entry[i].nin : inputs;
    for (size_t i = 0; w->dx && i < inputs; i++)
        free(w->dx[i]);
    free(w->dx);
    free(w->dy);
    free(w->slope);
    free(w->reach);
    free(w->item);
    free(w->heap);
}

status lesson_paths(struct lab *p, struct error *err)
{
    struct lesson_chain *c = &p->l->chain;
    struct walk w = {.p = p, .start = p->tensor[p->l->weight.tensor].entry};
    status st = make_room(&w, err);

    if (st == OK)
        st = first_slopes(&w, err);
    if (st == OK && c->listed)
        st = pass_forward(&w, err);
    if (st == OK && c->listed)
        add_up(&w);
    else if (st == OK)
        add_blame(&w);
    if (st == OK && c->listed && w.reach[p->nentries - 1].any)
        st = find_largest(&w, err);
    c->rest_count = c->npaths - (double)c->ntop;
    c->rest_sum = c->sum;
    for (size_t i = 0; i < c->ntop; i++)
        c->rest_sum -= c->top[i].product;
    if (c->listed && c->rest_count == 0.0)
        c->rest_sum = 0.0;
    c->difference = c->sum - p->l->weight.gradient;
    c->agrees = fabs(c->difference) <= 1e-5 * fmax(fabs(p->l->weight.gradient), c->largest);
    release(&w);
    return st;
}
