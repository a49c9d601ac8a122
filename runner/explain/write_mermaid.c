/* write_mermaid.c - see write_mermaid.h. The charts are xychart-beta, which knows lines and bars
 * over one grid; the diagrams are flowcharts from left to right, a subgraph for each column.
 */
#include "explain/write_mermaid.h"

#include <string.h>

#include "explain/number.h"

/* Inside "...": Mermaid's own escapes. */
static void write_label(const char *text, struct strbuf *out)
{
    strbuf_add(out, "\"");
    for (; *text; text++) {
        if (*text == '"')
            strbuf_add(out, "#quot;");
        else if (*text == '#')
            strbuf_add(out, "#35;");
        else if (*text == '<')
            strbuf_add(out, "#lt;");
        else if (*text == '>')
            strbuf_add(out, "#gt;");
        else if (*text == '&')
            strbuf_add(out, "#amp;");
        else if (*text == '`')
            strbuf_add(out, "'");
        else if (*text == '\n')
            strbuf_add(out, "<br>");
        else
            strbuf_addn(out, text, 1);
    }
    strbuf_add(out, "\"");
}

/* ---- diagrams ---------------------------------------------------------------------------- */

static const struct {
    const char *open, *close, *class;
} shapes[] = {
    [DIAGRAM_INPUT] = {"([", "])", "input"},   [DIAGRAM_NEURON] = {"((", "))", "neuron"},
    [DIAGRAM_BIAS] = {"((", "))", "bias"},     [DIAGRAM_LAYER] = {"[", "]", "layer"},
    [DIAGRAM_TARGET] = {"([", "])", "target"}, [DIAGRAM_LOSS] = {"{{", "}}", "loss"},
    [DIAGRAM_MORE] = {"[", "]", "more"},
};

/* Readable on GitHub's light and dark page alike. */
static void write_classes(struct strbuf *out)
{
    strbuf_add(out, "  classDef input fill:#e8f1fb,stroke:#3b73af,color:#10243c\n"
                    "  classDef neuron fill:#fdf6e3,stroke:#8a6d1f,color:#33280a\n"
                    "  classDef bias fill:#eeeeee,stroke:#888888,color:#333333\n"
                    "  classDef layer fill:#f3effb,stroke:#6b4fa0,color:#2a1d45\n"
                    "  classDef target fill:#e7f6e7,stroke:#2e7d32,color:#12331a\n"
                    "  classDef loss fill:#fdeaea,stroke:#b3261e,color:#4a0f0b\n"
                    "  classDef more fill:none,stroke:none,color:#888888\n"
                    "  classDef column fill:none,stroke:#bbbbbb,color:#777777\n"
                    "  classDef chosen stroke-width:3px\n");
}

static void write_node(const struct diagram_node *n, const char *indent, struct strbuf *out)
{
    strbuf_addf(out, "%s%s%s", indent, n->id, shapes[n->kind].open);
    write_label(n->label, out);
    strbuf_addf(out, "%s:::%s\n", shapes[n->kind].close, shapes[n->kind].class);
}

static const char *edge_colour(const struct diagram_edge *e)
{
    if (e->sign == 0)
        return "#8a8a8a";
    return e->sign > 0 ? "#2f6fb5" : "#c8511b";
}

static void write_edge(const struct diagram_edge *e, struct strbuf *out)
{
    strbuf_addf(out, "  %s ", e->back ? e->to : e->from);
    strbuf_add(out, e->bias ? "-.->" : "-->");
    if (e->label) {
        strbuf_add(out, "|");
        write_label(e->label, out);
        strbuf_add(out, "|");
    }
    strbuf_addf(out, " %s\n", e->back ? e->from : e->to);
}

/* A column in a frame with its title; a box has its name inside. */
static bool framed(const struct diagram_column *c)
{
    return c->title && !(c->n == 1 && c->node[0].kind == DIAGRAM_LAYER);
}

/* "hidden · 3 neurons · tanh": the last part on a line of its own. */
static void write_title(const char *title, struct strbuf *out)
{
    const char *dot = " · ", *first = strstr(title, dot);
    const char *second = first ? strstr(first + strlen(dot), dot) : NULL;
    struct strbuf b = {0};

    strbuf_addn(&b, title, second ? (size_t)(second - title) : strlen(title));
    if (second)
        strbuf_addf(&b, "\n%s", second + strlen(dot));
    write_label(b.text, out);
    strbuf_release(&b);
}

void write_mermaid_diagram(const struct diagram *d, struct strbuf *out)
{
    bool back = false;

    for (size_t i = 0; i < d->nedges; i++)
        back = back || d->edge[i].back;
    strbuf_addf(out,
                "```mermaid\n%%%%{init: {\"flowchart\": {\"curve\": \"basis\", \"nodeSpacing\": 14, "
                "\"rankSpacing\": %d}}}%%%%\nflowchart %s\n  accTitle: ",
                d->ncolumns > 5 ? 60 : 100, back ? "RL" : "LR");
    for (const char *c = d->title; *c; c++)
        strbuf_addn(out, strchr("#;:{}", *c) ? " " : c, 1);
    strbuf_add(out, "\n");
    for (size_t i = 0; i < d->ncolumns; i++) {
        const struct diagram_column *c = &d->column[back ? d->ncolumns - 1 - i : i];
        const char *indent = framed(c) ? "    " : "  ";

        if (framed(c)) {
            strbuf_addf(out, "  subgraph column%zu[", i);
            write_title(c->title, out);
            strbuf_add(out, "]\n    direction TB\n");
        }
        for (size_t k = 0; k < c->n; k++)
            write_node(&c->node[k], indent, out);
        if (framed(c))
            strbuf_addf(out, "  end\n");
    }
    for (size_t i = 0; i < d->nedges; i++)
        write_edge(&d->edge[i], out);
    for (size_t i = 0; i < d->nedges; i++) {
        const struct diagram_edge *e = &d->edge[i];

        strbuf_addf(out, "  linkStyle %zu stroke:%s,stroke-width:%.1fpx%s\n", i, edge_colour(e),
                    0.6 + 4.4 * e->size, e->chosen ? ",stroke-dasharray:7 3" : "");
    }
    write_classes(out);
    for (size_t i = 0; i < d->ncolumns; i++) {
        if (framed(&d->column[back ? d->ncolumns - 1 - i : i]))
            strbuf_addf(out, "  class column%zu column\n", i);
        for (size_t k = 0; k < d->column[i].n; k++)
            if (d->column[i].node[k].chosen)
                strbuf_addf(out, "  class %s chosen\n", d->column[i].node[k].id);
    }
    strbuf_add(out, "```\n");
}

void write_mermaid_cycle(const struct cycle *c, struct strbuf *out)
{
    strbuf_add(out, "```mermaid\nflowchart LR\n");
    for (size_t i = 0; i < c->n; i++) {
        strbuf_addf(out, "  box%zu(", i);
        write_label(c->label[i], out);
        strbuf_add(out, "):::layer\n");
    }
    for (size_t i = 0; i < (c->closed ? c->n : c->n - 1); i++) {
        strbuf_addf(out, "  box%zu -->", i);
        if (c->arrow && c->arrow[i]) {
            strbuf_add(out, "|");
            write_label(c->arrow[i], out);
            strbuf_add(out, "|");
        }
        strbuf_addf(out, " box%zu\n", (i + 1) % c->n);
    }
    strbuf_add(out, "  classDef layer fill:#f3effb,stroke:#6b4fa0,color:#2a1d45\n```\n");
}

/* ---- charts ----------------------------------------------------------------------------------- */

/* xychart's colours in the order of its plots. */
static const struct {
    const char *code, *name;
} colours[] = {{"#2f6fb5", "blue"}, {"#c8511b", "orange"}, {"#2e7d32", "green"}, {"#6b4fa0", "violet"}};
enum { NCOLOURS = sizeof colours / sizeof *colours };

static void write_series(const struct series *s, struct strbuf *out)
{
    strbuf_add(out, s->kind == SERIES_BARS ? "  bar [" : "  line [");
    for (size_t i = 0; i < s->n; i++)
        strbuf_addf(out, "%s%s", i ? ", " : "", number_plain(s->y[i], &(struct number_text){{0}}));
    strbuf_add(out, "]\n");
}

/* "Blue: loss. Orange: tangent. Marked in the full chart: ..." */
static void write_legend(const struct chart *c, struct strbuf *out)
{
    size_t drawn = 0;

    strbuf_add(out, "\n*");
    for (size_t i = 0; i < c->nseries; i++) {
        if (!c->series[i].grid)
            continue;
        strbuf_addf(out, "%s%s: ", drawn ? " · " : "", colours[drawn % NCOLOURS].name);
        for (const char *t = c->series[i].name; *t; t++) {
            if (strchr("*_[]<>|$`\\", *t))
                strbuf_add(out, "\\");
            strbuf_addn(out, t, 1);
        }
        drawn++;
    }
    for (size_t i = 0; i < c->npoints; i++)
        strbuf_addf(out, " · %s: (%s, %s)", c->point[i].label, NT(c->point[i].x), NT(c->point[i].y));
    strbuf_add(out, "*\n");
}

void write_mermaid_chart(const struct chart *c, struct strbuf *out)
{
    strbuf_add(out, "```mermaid\n---\nconfig:\n  xyChart:\n    width: 700\n    height: 320\n  "
                    "themeVariables:\n    xyChart:\n      plotColorPalette: \"");
    for (size_t i = 0; i < NCOLOURS; i++)
        strbuf_addf(out, "%s%s", i ? ", " : "", colours[i].code);
    strbuf_add(out, "\"\n---\nxychart-beta\n  title ");
    write_label(c->title, out);
    strbuf_add(out, "\n  x-axis ");
    write_label(c->x_label, out);
    strbuf_addf(out, " %s --> %s\n  y-axis ", number_plain(c->x_low, &(struct number_text){{0}}),
                number_plain(c->x_high, &(struct number_text){{0}}));
    write_label(c->y_label, out);
    strbuf_addf(out, " %s --> %s\n", number_plain(c->y_low, &(struct number_text){{0}}),
                number_plain(c->y_high, &(struct number_text){{0}}));
    for (size_t i = 0; i < c->nseries; i++)
        if (c->series[i].grid)
            write_series(&c->series[i], out);
    strbuf_add(out, "```\n");
    write_legend(c, out);
}
