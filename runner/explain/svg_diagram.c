/* svg_diagram.c - nodes in columns with edges between them, and boxes in a circle, as SVG: see svg.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "explain/html.h"
#include "explain/svg.h"

enum { LINE = 15, PADDING = 8, GAP = 12, TITLE_LINE = 16, FEW_EDGES = 24, PAGE_WIDTH = 752 };

/* ---- text of several lines ------------------------------------------------------------------- */

/* The next line of *TEXT, which is moved behind it; NULL behind the last. BREAK: what ends a line.
 * The line lives until the next call. */
static const char *next_line(const char **text, const char *end_of_line, struct strbuf *line)
{
    const char *end;

    if (!*text)
        return NULL;
    end = strstr(*text, end_of_line);
    line->len = 0;
    strbuf_addn(line, *text, end ? (size_t)(end - *text) : strlen(*text));
    *text = end ? end + strlen(end_of_line) : NULL;
    return line->text;
}

static int measure(const char *text, const char *end_of_line, double *width)
{
    struct strbuf b = {0};
    const char *line;
    int n = 0;

    *width = 0.0;
    for (; (line = next_line(&text, end_of_line, &b)); n++)
        *width = fmax(*width, svg_width(line));
    strbuf_release(&b);
    return n;
}

/* Lines around the height Y of their middle. */
static void write_lines(struct strbuf *out, double x, double y, const char *class, const char *text)
{
    struct strbuf b = {0};
    const char *line;
    double unused;
    const int n = measure(text, "\n", &unused);

    for (int k = 0; (line = next_line(&text, "\n", &b)); k++)
        svg_text(out, x, y + LINE * (k - 0.5 * (n - 1)) + 4, "middle", class, line);
    strbuf_release(&b);
}

/* ---- where nodes stand --------------------------------------------------------------------------- */

struct placed {
    const struct diagram_node *node;
    double x, y, width, height; /* of its middle */
    size_t column;
};

struct layout {
    size_t n;
    struct placed *node;
    double *column;               /* [ncolumns] x of their middles; one block with the next three */
    double *widest, *title, *gap; /* [ncolumns] of nodes and titles; to the next column */
    double width, height, top;
};

static const struct placed *find(const struct layout *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->node[i].node->id, id) == 0)
            return &l->node[i];
    return NULL;
}

static void size_node(struct placed *p, const struct diagram_node *n)
{
    double width;
    const int lines = measure(n->label, "\n", &width);

    p->node = n;
    p->height = LINE * lines + 2 * PADDING;
    p->width = fmax(width + 2 * PADDING + (n->kind == DIAGRAM_LAYER ? 4 : 10), p->height);
}

static double column_height(const struct placed *p, size_t n)
{
    double height = n ? -GAP : 0.0;

    for (size_t i = 0; i < n; i++)
        height += p[i].height + GAP;
    return height;
}

/* Sizes of nodes and columns; the number of lines of the highest title. */
static int size_columns(struct layout *l, const struct diagram *d, double *tallest)
{
    int titles = 0;
    size_t at = 0;

    for (size_t i = 0; i < d->ncolumns; i++) {
        const struct diagram_column *c = &d->column[i];
        const int lines = c->title ? measure(c->title, " · ", &l->title[i]) : 0;

        titles = lines > titles ? lines : titles;
        l->widest[i] = 40.0;
        for (size_t k = 0; k < c->n; k++) {
            size_node(&l->node[at + k], &c->node[k]);
            l->node[at + k].column = i;
            l->widest[i] = fmax(l->widest[i], l->node[at + k].width);
        }
        *tallest = fmax(*tallest, column_height(&l->node[at], c->n));
        if (i == 0 || i + 1 == d->ncolumns)
            l->widest[i] = fmax(l->widest[i], l->title[i]);
        at += c->n;
    }
    return titles;
}

/* Room between columns for the lines in it: much for many, little for one; a label must fit. LEAST:
 * as little as can be read. */
static void find_gaps(struct layout *l, const struct diagram *d, bool least)
{
    for (size_t i = 0; i < d->ncolumns; i++)
        l->gap[i] = 40.0;
    for (size_t i = 0; i < d->nedges; i++) {
        const struct diagram_edge *e = &d->edge[i];
        const struct placed *a = find(l, e->from), *b = find(l, e->to);
        const bool alone = a && b && d->column[a->column].n == 1 && d->column[b->column].n == 1;

        for (size_t k = a ? a->column : 0; a && b && k < b->column; k++) {
            l->gap[k] = fmax(l->gap[k], alone ? 0.0 : least ? 56.0 : 84.0);
            if (e->label)
                l->gap[k] = fmax(l->gap[k], svg_width(e->label) + (least ? 24 : 56));
        }
    }
}

static void place(struct layout *l, const struct diagram *d)
{
    double tallest = 0.0, x = PADDING;
    size_t at = 0;
    int titles;

    for (size_t i = 0; i < d->ncolumns; i++)
        l->n += d->column[i].n;
    l->node = mem_array(l->n, sizeof *l->node);
    l->column = mem_array(4 * d->ncolumns, sizeof *l->column);
    l->widest = l->column + d->ncolumns;
    l->title = l->widest + d->ncolumns;
    l->gap = l->title + d->ncolumns;
    for (size_t i = 0; i < d->ncolumns; i++)
        l->title[i] = 0.0;
    titles = size_columns(l, d, &tallest);
    find_gaps(l, d, false);
    for (size_t i = 0; i < d->ncolumns; i++)
        x += l->widest[i] + l->gap[i];
    if (x > PAGE_WIDTH)
        find_gaps(l, d, true);
    x = PADDING;
    for (size_t i = 0; i < d->ncolumns; i++) {
        const double room = fmin(l->gap[i], i ? l->gap[i - 1] : l->gap[i]);
        const double width = fmax(l->widest[i], l->title[i] - room + 24); /* it may reach over the edges */

        l->column[i] = x + 0.5 * width;
        x += width + (i + 1 < d->ncolumns ? l->gap[i] : 0.0);
    }
    l->width = x + PADDING;
    l->top = titles ? titles * TITLE_LINE + 14 : PADDING;
    l->height = l->top + tallest + PADDING;
    for (size_t i = 0; i < d->ncolumns; i++) {
        const size_t n = d->column[i].n;
        double y = l->top + 0.5 * (tallest - column_height(&l->node[at], n));

        for (size_t k = 0; k < n; k++, at++) {
            l->node[at].x = l->column[i];
            l->node[at].y = y + 0.5 * l->node[at].height;
            y += l->node[at].height + GAP;
        }
    }
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

static const char *edge_class(const struct diagram_edge *e)
{
    if (e->chosen)
        return "chosen";
    return e->sign > 0 ? "plus" : e->sign < 0 ? "minus" : "edge";
}

/* A line from one node to another, flat at both ends. */
struct bow {
    double x1, y1, x2, y2, bend;
};

static bool find_bow(const struct layout *l, const struct diagram_edge *e, bool head, struct bow *b)
{
    const struct placed *from = find(l, e->from), *to = find(l, e->to);

    if (!from || !to)
        return false;
    b->x1 = from->x + 0.5 * from->width + (e->back && head ? 2 : 0);
    b->x2 = to->x - 0.5 * to->width - (!e->back && head ? 2 : 0);
    b->y1 = from->y;
    b->y2 = to->y;
    b->bend = 0.42 * (b->x2 - b->x1);
    return true;
}

static void write_edge(struct strbuf *out, const struct layout *l, const struct diagram_edge *e, bool head,
                       size_t number)
{
    const char *class = edge_class(e);
    struct bow b;

    if (!find_bow(l, e, head, &b))
        return;
    strbuf_addf(
        out,
        "<path class=\"edge %s\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" stroke-width=\"%.1f\" "
        "stroke-opacity=\"%.2f\"",
        class, b.x1, b.y1, b.x1 + b.bend, b.y1, b.x2 - b.bend, b.y2, b.x2, b.y2,
        0.8 + 4.7 * e->size + (e->chosen ? 0.8 : 0.0), e->chosen ? 1.0 : 0.35 + 0.6 * e->size);
    if (e->chosen || e->bias)
        strbuf_addf(out, " stroke-dasharray=\"%s\"", e->chosen ? "9 4" : "2 3");
    if (head)
        strbuf_addf(out, " marker-%s=\"url(#arrow-%s-%zu)\"", e->back ? "start" : "end", class, number);
    strbuf_add(out, "/>\n");
}

/* Above its line, where no other label and no node is; if there is no such place, nowhere: only
 * the chosen weight's number must be seen. */
static void write_edge_label(struct strbuf *out, const struct layout *l, const struct diagram_edge *e,
                             struct svg_places *taken)
{
    static const double along[] = {0.5, 0.34, 0.66, 0.42, 0.58, 0.26, 0.74};
    struct bow b;

    if (!e->label || !find_bow(l, e, false, &b))
        return;
    for (size_t k = 0; k <= sizeof along / sizeof *along; k++) {
        const bool last = k == sizeof along / sizeof *along;
        const double t = along[last ? 0 : k], u = 1.0 - t;
        const double x = u * u * u * b.x1 + 3 * u * u * t * (b.x1 + b.bend) +
                         3 * u * t * t * (b.x2 - b.bend) + t * t * t * b.x2;
        const double y =
            (u * u * u + 3 * u * u * t) * b.y1 + (3 * u * t * t + t * t * t) * b.y2 - 5 - 2.4 * e->size;

        if (last ? e->chosen : svg_take_text(taken, x, y, "middle", 11, e->label)) {
            svg_text(out, x, y, "middle", "halo small", e->label);
            return;
        }
    }
}

/* The chosen edge's first, then large ones. */
static void write_edge_labels(struct strbuf *out, const struct layout *l, const struct diagram *d,
                              const size_t *order)
{
    struct svg_places taken = {0};

    for (size_t i = 0; i < l->n; i++)
        svg_take(&taken, l->node[i].x, l->node[i].y, l->node[i].width, l->node[i].height);
    for (size_t i = d->nedges; i-- > 0;)
        write_edge_label(out, l, &d->edge[order[i]], &taken);
    svg_places_release(&taken);
}

static void write_node(struct strbuf *out, const struct placed *p)
{
    static const char *const class[] = {
        [DIAGRAM_INPUT] = "node-input", [DIAGRAM_NEURON] = "node-neuron", [DIAGRAM_BIAS] = "node-bias",
        [DIAGRAM_LAYER] = "node-layer", [DIAGRAM_TARGET] = "node-target", [DIAGRAM_LOSS] = "node-loss",
        [DIAGRAM_MORE] = "node-more",
    };
    const struct diagram_node *n = p->node;
    const double round = n->kind == DIAGRAM_LAYER || n->kind == DIAGRAM_LOSS ? 7.0 : 0.5 * p->height;

    if (n->kind != DIAGRAM_MORE) {
        strbuf_addf(
            out, "<rect class=\"node %s%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\"",
            class[n->kind], n -> chosen ? " node-chosen" : "", p->x - 0.5 * p->width, p->y - 0.5 * p->height,
            p->width, p->height, fmin(round, 19.0));
        if (n->shade != 0.0)
            strbuf_addf(out, " style=\"fill: color-mix(in srgb, var(--%s) %.0f%%, var(--card))\"",
                        n->shade > 0 ? "plus" : "minus", 8.0 + 52.0 * fmin(1.0, fabs(n->shade)));
        strbuf_add(out, "/>");
    }
    write_lines(out, p->x, p->y, n->kind == DIAGRAM_MORE ? "soft" : "", n->label);
}

static void write_titles(struct strbuf *out, const struct layout *l, const struct diagram *d)
{
    struct strbuf b = {0};

    for (size_t i = 0; i < d->ncolumns; i++) {
        const char *rest = d->column[i].title, *line;

        for (int k = 0; (line = next_line(&rest, " · ", &b)); k++)
            svg_text(out, l->column[i], 14 + TITLE_LINE * k, "middle", k ? "soft" : "strong", line);
    }
    strbuf_release(&b);
}

/* Indices of the edges: small ones first, so that large and chosen ones lie above them. */
static size_t *drawing_order(const struct diagram *d)
{
    size_t *order = mem_array(d->nedges, sizeof *order);

    for (size_t i = 0; i < d->nedges; i++) {
        const struct diagram_edge *e = &d->edge[i];
        size_t k = i;

        for (; k > 0; k--) {
            const struct diagram_edge *other = &d->edge[order[k - 1]];

            if (other->chosen != e->chosen ? !other->chosen : other->size <= e->size)
                break;
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
    return order;
}

void svg_diagram(const struct diagram *d, size_t number, struct strbuf *out)
{
    struct layout l = {0};
    size_t *order = drawing_order(d);

    place(&l, d);
    svg_open(out, "diagram", l.width, l.height, d->title);
    svg_arrow_heads(out, number);
    write_titles(out, &l, d);
    for (size_t i = 0; i < d->nedges; i++) {
        const struct diagram_edge *e = &d->edge[order[i]];

        write_edge(out, &l, e, e->back || d->nedges <= FEW_EDGES, number);
    }
    write_edge_labels(out, &l, d, order);
    for (size_t i = 0; i < l.n; i++)
        write_node(out, &l.node[i]);
    svg_close(out);
    free(order);
    free(l.node);
    free(l.column);
}

/* ---- boxes one after another ----------------------------------------------------------------------------
 */

struct box {
    double x, y, width, height;
};

/* Where the line from the middle of BOX towards (x, y) leaves it, with GAP around. */
static void leave(const struct box *b, double x, double y, double *at_x, double *at_y)
{
    const double dx = x - b->x, dy = y - b->y;
    const double sx = dx != 0.0 ? (0.5 * b->width + 5) / fabs(dx) : INFINITY;
    const double sy = dy != 0.0 ? (0.5 * b->height + 5) / fabs(dy) : INFINITY;

    *at_x = b->x + fmin(sx, sy) * dx;
    *at_y = b->y + fmin(sx, sy) * dy;
}

/* An arrow that bows away from (cx, cy), with its label outside. */
static void write_arrow(struct strbuf *out, const struct box *from, const struct box *to, double cx,
                        double cy, double bow, const char *label, size_t number)
{
    const double mx = 0.5 * (from->x + to->x), my = 0.5 * (from->y + to->y);
    const double far = fmax(1.0, hypot(mx - cx, my - cy));
    const double kx = mx + bow * (mx - cx) / far, ky = my + bow * (my - cy) / far;
    double x1, y1, x2, y2;

    leave(from, kx, ky, &x1, &y1);
    leave(to, kx, ky, &x2, &y2);
    strbuf_addf(out,
                "<path class=\"edge\" stroke-width=\"1.8\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\" "
                "marker-end=\"url(#arrow-edge-%zu)\"/>\n",
                x1, y1, kx, ky, x2, y2, number);
    if (!label)
        return;
    if (bow == 0.0) /* above a straight arrow */
        svg_text(out, mx, my - 8, "middle", "halo small", label);
    else /* outside a bent one */
        svg_text(out, 0.25 * x1 + 0.5 * kx + 0.25 * x2 + 9 * (mx - cx) / far,
                 0.25 * y1 + 0.5 * ky + 0.25 * y2 + 4 + 9 * (my - cy) / far,
                 mx > cx + 9   ? "start"
                 : mx < cx - 9 ? "end"
                               : "middle",
                 "halo small", label);
}

void svg_cycle(const struct cycle *c, size_t number, struct strbuf *out)
{
    struct box *box = mem_array(c->n, sizeof *box);
    double widest = 0.0, tallest = 0.0, label = 0.0, width, height, rx, ry;
    const size_t arrows = c->closed ? c->n : c->n - 1;

    for (size_t i = 0; i < c->n; i++) {
        double text;
        const int lines = measure(c->label[i], "\n", &text);

        box[i].width = text + 4 * PADDING;
        box[i].height = LINE * lines + 3 * PADDING;
        widest = fmax(widest, box[i].width);
        tallest = fmax(tallest, box[i].height);
    }
    for (size_t i = 0; i < arrows; i++)
        label = fmax(label, c->arrow && c->arrow[i] ? svg_width(c->arrow[i]) : 0.0);
    if (c->closed) {
        rx = 0.8 * widest + 40;
        ry = fmax(24.0 * (double)c->n, 1.2 * tallest + 40);
        width = 2 * rx + widest + fmax(0.0, 2 * label - widest) + 2 * PADDING;
        height = 2 * ry + tallest + 2 * PADDING;
    } else {
        rx = widest + fmax(50.0, label + 24);
        ry = 0;
        width = rx * (double)(c->n - 1) + widest + 2 * PADDING;
        height = tallest + 2 * PADDING;
    }
    for (size_t i = 0; i < c->n; i++) {
        const double turn = 2.0 * 3.14159265358979 * (double)i / (double)c->n - 0.5 * 3.14159265358979;

        box[i].x = c->closed ? 0.5 * width + rx * cos(turn) : PADDING + 0.5 * widest + rx * (double)i;
        box[i].y = 0.5 * height + (c->closed ? ry * sin(turn) : 0.0);
    }
    svg_open(out, "cycle", width, height, c->title);
    svg_arrow_heads(out, number);
    for (size_t i = 0; i < arrows; i++)
        write_arrow(out, &box[i], &box[(i + 1) % c->n], 0.5 * width, 0.5 * height, c->closed ? 26.0 : 0.0,
                    c->arrow ? c->arrow[i] : NULL, number);
    for (size_t i = 0; i < c->n; i++) {
        strbuf_addf(
            out,
            "<rect class=\"node node-layer\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"9\"/>",
            box[i].x - 0.5 * box[i].width, box[i].y - 0.5 * box[i].height, box[i].width, box[i].height);
        write_lines(out, box[i].x, box[i].y, "", c->label[i]);
    }
    svg_close(out);
    free(box);
}
