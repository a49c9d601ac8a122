/* story_draw.c - the three pictures of the net (its weights, the sample's way forward, the blame's way
 * back) as one kind of diagram. See story.h.
 *
 * A column is the sample, or a layer with the activation that follows it. The neurons of a dense
 * layer are drawn singly, a few of them where there are many; every other layer is one box.
 */
#include "explain/story.h"

enum { MOST_COLUMNS = 7, MANY = 8, FEW = 5, FEWEST = 4, MOST_LABELS = 9 };

/* What a column shows. */
struct stage {
    int entry; /* -1: the sample */
    int shows; /* whose outputs: the entry's activation, if it has one */
    bool single;
    size_t n;
    int64_t unit[MANY]; /* of single neurons or inputs */
    size_t column;
    bool left_out; /* too many layers */
};

struct picture {
    struct story *s;
    enum story_picture kind;
    struct diagram *d;
    size_t nstages, most;
    struct stage *stage;
    double largest; /* of what edges are sized by */
    bool labels;    /* few enough edges to write their numbers on */
};

/* ---- columns -------------------------------------------------------------------------- */

static const struct lesson_entry *entry_of(const struct picture *d, int entry)
{
    return &d->s->l->entry[entry];
}

static bool chosen_unit(const struct picture *d, int entry, int64_t unit)
{
    int at;
    int64_t neuron, input;

    if (!story_chosen(d->s, &at, &neuron, &input))
        return false;
    return entry == at ? unit == neuron : entry == -2 && unit == input;
}

/* Which unit of the stage must be shown: the chosen weight's, or the label's output. */
static int64_t to_keep(const struct picture *d, const struct stage *g)
{
    const struct lesson *l = d->s->l;
    int at;
    int64_t neuron, input;
    const bool singly = story_chosen(d->s, &at, &neuron, &input);

    if (singly && g->entry == at)
        return neuron;
    if (singly && g->shows == l->entry[at].from[0])
        return input;
    if (g->shows == l->nentries - 1 && l->label)
        return l->label[0];
    return -1;
}

static void add_stage(struct picture *d, int entry, int shows, bool single, int64_t size)
{
    struct stage *g = &d->stage[d->nstages++];

    *g = (struct stage){.entry = entry, .shows = shows, .single = single};
    if (single)
        g->n = story_pick(size, to_keep(d, g), d->most, g->unit);
}

/* The sample and the layers, each with its activation. */
static void find_stages(struct picture *d)
{
    struct story *s = d->s;
    const struct lesson *l = s->l;
    int64_t widest = l->data->x.rank == 1 ? l->data->x_size : 1;
    int dense = 0;

    for (int i = 0; i < l->nentries; i++)
        if (story_dense(s, i)) {
            widest = l->entry[i].size > widest ? l->entry[i].size : widest;
            dense++;
        }
    d->most = widest <= MANY ? MANY : dense < 5 ? FEW : FEWEST; /* the deeper, the fewer lines between */
    d->stage = arena_alloc(s->p->arena, ((size_t)l->nentries + 1) * sizeof *d->stage);
    add_stage(d, -1, -1, l->data->x.rank == 1, l->data->x_size);
    for (int i = 0; i < l->nentries; i++) {
        const int from = l->entry[i].from[0];

        if (from >= 0 && s->folded[from] == i)
            continue;
        add_stage(d, i, s->folded[i] < 0 ? i : s->folded[i], story_dense(s, i), l->entry[i].size);
    }
    for (size_t k = 0; k < d->nstages && d->nstages > MOST_COLUMNS; k++)
        d->stage[k].left_out = k >= 4 && k + 3 <= d->nstages;
}

static struct stage *stage_of(struct picture *d, int shows)
{
    for (size_t i = 0; i < d->nstages; i++)
        if (d->stage[i].shows == shows)
            return &d->stage[i];
    return NULL;
}

/* ---- nodes -------------------------------------------------------------------------------- */

static const char *id_of(struct picture *d, const struct stage *g, int64_t unit)
{
    if (g->left_out)
        return "skipped";
    if (g->entry < 0)
        return g->single ? page_format(d->s->p, "in%lld", (long long)unit) : "in";
    return g->single ? page_format(d->s->p, "e%d_%lld", g->entry, (long long)unit)
                     : page_format(d->s->p, "e%d", g->entry);
}

/* What goes back through a unit: the blame of its weighted sum. */
static double blame(const struct picture *d, int entry, int64_t unit)
{
    const double *dy = entry_of(d, entry)->dy;

    return dy ? dy[unit] : NAN;
}

static const char *unit_label(struct picture *d, const struct stage *g, int64_t unit)
{
    struct page *p = d->s->p;
    const char *name =
        g->entry < 0 ? story_short(d->s, g->entry, unit) : page_format(p, "[%lld]", (long long)unit);

    if (g->entry < 0)
        return d->kind == PICTURE_FORWARD ? page_format(p, "%s\n%s", name, NT(d->s->l->x[unit])) : name;
    if (d->kind == PICTURE_FORWARD)
        return page_format(p, "%s\n%s", name, NT(entry_of(d, g->shows)->y[unit]));
    if (d->kind == PICTURE_BACK)
        return page_format(p, "%s\n%s", name, NT(blame(d, g->entry, unit)));
    return name;
}

static const char *box_label(struct picture *d, const struct stage *g)
{
    struct page *p = d->s->p;
    const struct lesson *l = d->s->l;
    const char *text;

    if (g->entry < 0)
        return page_format(p, "the sample\n%s", story_shape(d->s, &l->data->x));
    text = page_format(p, "%s\n%s", entry_of(d, g->entry)->name, entry_of(d, g->entry)->plugin);
    if (g->shows != g->entry)
        text = page_format(p, "%s + %s", text, entry_of(d, g->shows)->plugin);
    if (d->kind == PICTURE_BACK && entry_of(d, g->entry)->dy)
        return page_format(p, "%s\nblame, norm %s", text, NT(entry_of(d, g->entry)->blame_norm));
    return page_format(p, "%s\n%s", text, story_shape(d->s, &entry_of(d, g->shows)->out));
}

static const char *column_title(struct picture *d, const struct stage *g)
{
    struct page *p = d->s->p;
    const struct lesson_entry *e;

    if (g->entry < 0)
        return page_format(p, "input · %s %s", NC((double)d->s->l->data->x_size),
                           story_plural((double)d->s->l->data->x_size, "number", "numbers"));
    e = entry_of(d, g->entry);
    if (!g->single)
        return e->name;
    return page_format(p, "%s · %s %s%s%s", e->name, NC((double)e->size),
                       story_plural((double)e->size, "neuron", "neurons"), g->shows != g->entry ? " · " : "",
                       g->shows != g->entry ? entry_of(d, g->shows)->plugin : "");
}

/* Values and blame as a share of the largest of the column. */
static double shade_of(const struct picture *d, const struct stage *g, int64_t unit)
{
    const struct lesson *l = d->s->l;
    const double *v;
    int64_t n;
    double most = 0.0;

    if (d->kind == PICTURE_NET || (g->entry < 0 && d->kind == PICTURE_BACK))
        return 0.0;
    v = g->entry < 0 ? l->x : d->kind == PICTURE_BACK ? entry_of(d, g->entry)->dy : entry_of(d, g->shows)->y;
    n = g->entry < 0 ? l->data->x_size : entry_of(d, g->entry)->size;
    for (int64_t i = 0; v && i < n; i++)
        most = fmax(most, fabs(v[i]));
    return most > 0.0 ? v[unit] / most : 0.0;
}

static struct diagram_node *add_node(struct diagram_column *c, enum diagram_kind kind, const char *id,
                                     const char *label)
{
    c->node[c->n] = (struct diagram_node){.kind = kind, .id = id, .label = label};
    return &c->node[c->n++];
}

static void add_units(struct picture *d, const struct stage *g, struct diagram_column *c)
{
    const int64_t size = g->entry < 0 ? d->s->l->data->x_size : entry_of(d, g->entry)->size;
    int64_t before = -1;

    for (size_t i = 0; i < g->n; i++) {
        struct diagram_node *node;

        if (g->unit[i] > before + 1)
            add_node(c, DIAGRAM_MORE, page_format(d->s->p, "more%zu_%zu", (size_t)(g - d->stage), i),
                     page_format(d->s->p, "… %s more", NC((double)(g->unit[i] - before - 1))));
        node = add_node(c, g->entry < 0 ? DIAGRAM_INPUT : DIAGRAM_NEURON, id_of(d, g, g->unit[i]),
                        unit_label(d, g, g->unit[i]));
        node->shade = shade_of(d, g, g->unit[i]);
        node->chosen = g->entry >= 0 && chosen_unit(d, g->entry, g->unit[i]);
        before = g->unit[i];
    }
    if (before + 1 < size)
        add_node(c, DIAGRAM_MORE, page_format(d->s->p, "more%zu_end", (size_t)(g - d->stage)),
                 page_format(d->s->p, "… %s more", NC((double)(size - before - 1))));
}

/* The layer that reads this column, if it is dense with a bias: its bias is drawn here. */
static const struct stage *bias_reader(struct picture *d, const struct stage *g)
{
    for (size_t i = 0; i < d->nstages; i++) {
        const struct stage *to = &d->stage[i];

        if (to->entry >= 0 && to->single && !to->left_out && entry_of(d, to->entry)->from[0] == g->shows &&
            story_tensor(d->s, to->entry, "bias"))
            return to;
    }
    return NULL;
}

static void add_columns(struct picture *d)
{
    struct diagram *out = d->d;
    struct arena *a = d->s->p->arena;
    const struct stage *reader;
    bool skipped = false;

    out->column = arena_alloc(a, (d->nstages + 3) * sizeof *out->column);
    for (size_t i = 0; i < d->nstages; i++) {
        struct stage *g = &d->stage[i];
        struct diagram_column *c;

        if (g->left_out && skipped)
            continue;
        c = &out->column[out->ncolumns];
        g->column = out->ncolumns++;
        c->node = arena_alloc(a, (2 * g->n + 4) * sizeof *c->node);
        if (g->left_out) {
            add_node(c, DIAGRAM_MORE, "skipped", "… more layers");
            skipped = true;
            continue;
        }
        c->title = column_title(d, g);
        if (g->single)
            add_units(d, g, c);
        else
            add_node(c, DIAGRAM_LAYER, id_of(d, g, 0), box_label(d, g));
        reader = bias_reader(d, g);
        if (reader)
            add_node(c, DIAGRAM_BIAS, page_format(d->s->p, "bias%d", reader->entry),
                     page_format(d->s->p, "bias of\n%s", entry_of(d, reader->entry)->name));
    }
}

/* ---- edges ------------------------------------------------------------------------------------ */

static void add_edge(struct picture *d, struct diagram_edge e)
{
    struct diagram *out = d->d;

    if ((out->nedges & (out->nedges - 1)) == 0) {
        struct diagram_edge *grown =
            arena_alloc(d->s->p->arena, (out->nedges ? 2 * out->nedges : 1) * sizeof *grown);

        if (out->nedges)
            memcpy(grown, out->edge, out->nedges * sizeof *grown);
        out->edge = grown;
    }
    e.back = d->kind == PICTURE_BACK;
    out->edge[out->nedges++] = e;
}

/* What the edge of a weight is sized and coloured by: the weight, what it hands on, its gradient. */
static double edge_value(const struct picture *d, const struct lesson_tensor *t, int64_t flat, double input)
{
    if (d->kind == PICTURE_NET)
        return t->w[flat];
    if (d->kind == PICTURE_FORWARD)
        return t->w[flat] * input;
    return t->g ? t->g[flat] : 0.0;
}

static void add_weight(struct picture *d, const char *from, const char *to, const struct lesson_tensor *t,
                       int64_t flat, double input, bool bias)
{
    const struct lesson_weight *w = &d->s->l->weight;
    const double v = edge_value(d, t, flat, input);
    const bool chosen = t == &d->s->l->tensor[w->tensor] && flat == w->flat;

    add_edge(d, (struct diagram_edge){.from = from,
                                      .to = to,
                                      .label = chosen || d->labels ? page_format(d->s->p, "%s", NT(v)) : NULL,
                                      .size = d->largest > 0.0 ? fabs(v) / d->largest : 0.0,
                                      .sign = (v > 0.0) - (v < 0.0),
                                      .chosen = chosen,
                                      .weight = true,
                                      .bias = bias});
}

/* Visit every drawn weight of a dense stage: measure the largest, or draw. */
static void dense_edges(struct picture *d, const struct stage *g, bool draw, size_t *count)
{
    struct story *s = d->s;
    const struct lesson_tensor *w = story_tensor(s, g->entry, "weight"),
                               *b = story_tensor(s, g->entry, "bias");
    const struct stage *from = stage_of(d, entry_of(d, g->entry)->from[0]);
    const double *x = story_input_values(s, g->entry);
    const int64_t inputs = story_inputs(s, g->entry);

    for (size_t j = 0; j < g->n; j++) {
        for (size_t k = 0; from && from->single && !from->left_out && k < from->n; k++) {
            const int64_t flat = g->unit[j] * inputs + from->unit[k];

            if (draw)
                add_weight(d, id_of(d, from, from->unit[k]), id_of(d, g, g->unit[j]), w, flat,
                           x[from->unit[k]], false);
            d->largest = draw ? d->largest : fmax(d->largest, fabs(edge_value(d, w, flat, x[from->unit[k]])));
            (*count)++;
        }
        if (draw && from && (!from->single || from->left_out))
            add_edge(d, (struct diagram_edge){
                            .from = id_of(d, from, 0), .to = id_of(d, g, g->unit[j]), .size = 0.2});
        if (b && draw && from && !from->left_out)
            add_weight(d, page_format(s->p, "bias%d", g->entry), id_of(d, g, g->unit[j]), b, g->unit[j], 1.0,
                       true);
        if (b && !draw)
            d->largest = fmax(d->largest, fabs(edge_value(d, b, g->unit[j], 1.0)));
    }
}

/* A box has an arrow from each column that it reads. */
static void box_edges(struct picture *d, const struct stage *g)
{
    const struct lesson_entry *e = entry_of(d, g->entry);

    for (int k = 0; k < e->nin; k++) {
        const struct stage *from = stage_of(d, e->from[k]);

        if (!from || (from->left_out && g->left_out))
            continue;
        if (!from->single || from->left_out) {
            add_edge(d, (struct diagram_edge){.from = id_of(d, from, 0), .to = id_of(d, g, 0), .size = 0.2});
            continue;
        }
        for (size_t i = 0; i < from->n; i++)
            add_edge(d, (struct diagram_edge){
                            .from = id_of(d, from, from->unit[i]), .to = id_of(d, g, 0), .size = 0.2});
    }
}

static void add_edges(struct picture *d)
{
    size_t count = 0;

    for (size_t i = 0; i < d->nstages; i++)
        if (d->stage[i].entry >= 0 && d->stage[i].single && !d->stage[i].left_out)
            dense_edges(d, &d->stage[i], false, &count);
    d->labels = count <= MOST_LABELS;
    for (size_t i = 1; i < d->nstages; i++) {
        const struct stage *g = &d->stage[i];

        if (g->left_out && d->stage[i - 1].left_out)
            continue;
        if (g->single && !g->left_out)
            dense_edges(d, g, true, &count);
        else
            box_edges(d, g);
    }
}

/* ---- loss and label ------------------------------------------------------------------------------ */

static void add_end(struct picture *d)
{
    struct story *s = d->s;
    const struct lesson *l = s->l;
    const struct stage *last = &d->stage[d->nstages - 1];
    struct diagram_column *c = &d->d->column[d->d->ncolumns++];
    const struct lesson_entry *out = &l->entry[l->nentries - 1];

    c->node = arena_alloc(s->p->arena, 2 * sizeof *c->node);
    add_node(c, DIAGRAM_LOSS, "loss", page_format(s->p, "loss\n%s", NT(l->loss)));
    if (l->label)
        add_node(c, DIAGRAM_TARGET, "label",
                 page_format(s->p, "label\n%s",
                             l->data->class_names ? l->data->class_names[l->label[0]]
                                                  : page_format(s->p, "%d", l->label[0])));
    else
        add_node(c, DIAGRAM_TARGET, "label",
                 page_format(s->p, "target\n%s%s", NT(l->target[0]), l->data->target_size > 1 ? " …" : ""));
    for (size_t i = 0; i < (last->single ? last->n : 1); i++)
        add_edge(d, (struct diagram_edge){.from = id_of(d, last, last->unit[i]),
                                          .to = "loss",
                                          .label = d->kind == PICTURE_BACK && last->single && out->dy
                                                       ? page_format(s->p, "%s", NT(out->dy[last->unit[i]]))
                                                       : NULL,
                                          .size = 0.3,
                                          .sign = d->kind == PICTURE_BACK && last->single && out->dy
                                                      ? (out->dy[last->unit[i]] > 0.0) -
                                                            (out->dy[last->unit[i]] < 0.0)
                                                      : 0});
    if (d->kind == PICTURE_FORWARD)
        add_edge(d, (struct diagram_edge){.from = "label", .to = "loss", .size = 0.2});
    else
        c->n--;
}

struct story_shown story_shows(struct story *s)
{
    struct picture d = {.s = s, .kind = PICTURE_NET, .d = arena_alloc(s->p->arena, sizeof *d.d)};
    struct story_shown shown = {0};

    find_stages(&d);
    add_columns(&d);
    add_edges(&d);
    for (size_t i = 0; i < d.nstages; i++) {
        const struct stage *g = &d.stage[i];

        shown.neurons = shown.neurons || (g->single && g->entry >= 0 && !g->left_out);
        shown.boxes = shown.boxes || (!g->single && !g->left_out && g->entry >= 0);
    }
    for (size_t i = 0; i < d.d->nedges; i++) {
        const struct diagram_edge *e = &d.d->edge[i];

        shown.biases = shown.biases || e->bias;
        shown.weights = shown.weights || (e->weight && !e->bias);
        shown.chosen = shown.chosen || e->chosen;
    }
    return shown;
}

void story_draw(struct story *s, enum story_picture which)
{
    static const char *const titles[] = {[PICTURE_NET] = "The net, with its weights as lines",
                                         [PICTURE_FORWARD] = "The sample on its way forward through the net",
                                         [PICTURE_BACK] = "The blame on its way back through the net"};
    struct picture d = {.s = s, .kind = which, .d = arena_alloc(s->p->arena, sizeof *d.d)};

    d.d->title = titles[which];
    find_stages(&d);
    add_columns(&d);
    add_edges(&d);
    if (which != PICTURE_NET)
        add_end(&d);
    page_add(s->p, BLOCK_DIAGRAM, d.d);
}
