/* write_markdown.c - a page as GitHub shows it: Markdown with LaTeX and tables; its pictures are
 * write_mermaid.c's. Decides nothing about content.
 */
#include <string.h>

#include "explain/number.h"
#include "explain/page.h"
#include "explain/write_mermaid.h"

enum { MOST_POINTS = 9 }; /* of a map's rows and columns */

/* ---- running text --------------------------------------------------------------------- */

/* Text that Markdown would read as something else gets a backslash. A | would end the cell of
 * a table; < begins a tag, & an entity. */
static void write_text(const char *text, struct strbuf *out)
{
    for (const char *c = text; *c; c++) {
        if (strchr("\\`*_[]<>|$~", *c) || (*c == '#' && c == text))
            strbuf_add(out, "\\");
        if (*c == '&')
            strbuf_add(out, "&amp;");
        else
            strbuf_addn(out, *c == '\n' ? " " : c, 1);
    }
}

/* Between more backticks than stand together in the text. In a table a | is hidden even here. */
static void write_code(const char *text, struct strbuf *out)
{
    size_t longest = 0;

    for (const char *c = text; *c; c++) {
        const size_t run = strspn(c, "`");

        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        strbuf_add(out, "`");
    for (; *text; text++) {
        if (*text == '|')
            strbuf_add(out, "\\");
        strbuf_addn(out, *text == '\n' ? " " : text, 1);
    }
    for (size_t i = 0; i <= longest; i++)
        strbuf_add(out, "`");
}

/* GitHub begins a formula at a $ behind a blank or the like and before none. */
static void write_math(const struct equation *e, struct strbuf *out)
{
    struct strbuf b = {0};
    size_t from = 0;

    strbuf_add(&b, "");
    equation_latex(e, &b);
    while (b.len > 0 && b.text[b.len - 1] == ' ')
        b.text[--b.len] = 0;
    while (b.text[from] == ' ')
        from++;
    strbuf_addf(out, "$%s$", b.text + from);
    strbuf_release(&b);
}

static void write_inline(const struct inline_text *t, struct strbuf *out)
{
    for (size_t i = 0; i < t->n; i++) { /* an empty cell has no spans */
        const struct span *s = &t->span[i];

        switch (s->kind) {
        case SPAN_TEXT:
            write_text(s->text, out);
            break;
        case SPAN_EMPHASIS:
        case SPAN_STRONG:
            strbuf_add(out, s->kind == SPAN_STRONG ? "**" : "*");
            write_text(s->text, out);
            strbuf_add(out, s->kind == SPAN_STRONG ? "**" : "*");
            break;
        case SPAN_CODE:
            write_code(s->text, out);
            break;
        case SPAN_MATH:
            write_math(s->equation, out);
            break;
        case SPAN_LINK:
            strbuf_add(out, "[");
            write_text(s->text, out);
            strbuf_addf(out, "](#%s)", s->anchor);
            break;
        }
    }
}

/* ---- blocks ------------------------------------------------------------------------------ */

static void write_list(const struct block *b, struct strbuf *out)
{
    for (size_t i = 0; i < b->list.n; i++) {
        if (b->list.numbered)
            strbuf_addf(out, "%zu. ", i + 1);
        else
            strbuf_add(out, "- ");
        write_inline(&b->list.item[i], out);
        strbuf_add(out, "\n");
    }
}

static void write_row(const struct inline_text *cell, size_t n, struct strbuf *out)
{
    strbuf_add(out, "|");
    for (size_t i = 0; i < n; i++) {
        strbuf_add(out, " ");
        write_inline(&cell[i], out);
        strbuf_add(out, " |");
    }
    strbuf_add(out, "\n");
}

static void write_table(const struct table_block *t, struct strbuf *out)
{
    write_row(t->head, t->ncolumns, out);
    strbuf_add(out, "|");
    for (size_t i = 0; i < t->ncolumns; i++)
        strbuf_add(out, t->right[i] ? " ---: |" : " --- |");
    strbuf_add(out, "\n");
    for (size_t r = 0; r < t->nrows; r++)
        write_row(&t->cell[r * t->ncolumns], t->ncolumns, out);
}

/* Whether a line says where it is aligned, or there are several. */
static bool is_aligned(const struct block *b)
{
    const struct equation *line = b->equation.line[0];

    return b->equation.n > 1 || line->kind == EQUATION_ALIGN ||
           (line->kind == EQUATION_ROW && line->n && line->child[0]->kind == EQUATION_ALIGN);
}

static void write_equation(const struct block *b, struct strbuf *out)
{
    const bool many = is_aligned(b);

    strbuf_add(out, "```math\n");
    if (many)
        strbuf_add(out, "\\begin{aligned}\n");
    for (size_t i = 0; i < b->equation.n; i++) {
        equation_latex(b->equation.line[i], out);
        strbuf_add(out, many && i + 1 < b->equation.n ? " \\\\\n" : "\n");
    }
    if (many)
        strbuf_add(out, "\\end{aligned}\n");
    strbuf_add(out, "```\n");
}

/* How far apart shown points of N are, the first and the middle one among them, so that a table fits a page.
 */
static size_t stride_of(size_t n)
{
    size_t stride = 1;

    while ((n - 1) / stride + 1 > MOST_POINTS || (n / 2) % stride)
        stride++;
    return stride;
}

static bool is_point(const struct contour *c, size_t i, size_t j)
{
    for (size_t k = 0; k < c->npoints; k++)
        if (c->point[k].x == c->x[i] && c->point[k].y == c->y[j])
            return true;
    return false;
}

/* Mermaid has no contours: a table, the highest row of y first. */
static void write_contour(const struct contour *c, struct strbuf *out)
{
    const size_t dx = stride_of(c->nx), dy = stride_of(c->ny);

    strbuf_add(out, "**");
    write_text(c->title, out);
    strbuf_add(out, "**\n\n| ");
    write_text(c->y_label, out);
    strbuf_add(out, " ↓ · ");
    write_text(c->x_label, out);
    strbuf_add(out, " → |");
    for (size_t i = 0; i < c->nx; i += dx)
        strbuf_addf(out, " %s |", NT(c->x[i]));
    strbuf_add(out, "\n|");
    for (size_t i = 0; i <= (c->nx - 1) / dx + 1; i++)
        strbuf_add(out, " ---: |");
    for (size_t j = (c->ny - 1) / dy * dy + dy; j >= dy; j -= dy) {
        strbuf_addf(out, "\n| %s |", NT(c->y[j - dy]));
        for (size_t i = 0; i < c->nx; i += dx)
            strbuf_addf(out, is_point(c, i, j - dy) ? " **%s** |" : " %s |", NT(c->z[(j - dy) * c->nx + i]));
    }
    strbuf_add(out, "\n\n*in bold: the loss now");
    if (dx > 1 || dy > 1)
        strbuf_addf(out, "; here are %zu × %zu of %zu × %zu points, the HTML page draws all",
                    (c->nx - 1) / dx + 1, (c->ny - 1) / dy + 1, c->nx, c->ny);
    strbuf_add(out, "*\n");
}

static void write_glossary(const struct block *b, struct strbuf *out)
{
    for (size_t i = 0; i < b->glossary.n; i++) {
        const struct glossary_entry *e = &b->glossary.entry[i];

        strbuf_addf(out, "- <a id=\"%s\"></a>**", e->anchor);
        write_text(e->term, out);
        strbuf_add(out, "**: ");
        write_inline(&e->text, out);
        strbuf_add(out, "\n");
    }
}

static void write_block(const struct block *b, struct strbuf *out)
{
    switch (b->kind) {
    case BLOCK_HEADING:
        strbuf_addf(out, "%.*s ", b->heading.level, "####");
        write_text(b->heading.text, out);
        strbuf_add(out, "\n");
        break;
    case BLOCK_PARAGRAPH:
        write_inline(&b->text, out);
        strbuf_add(out, "\n");
        break;
    case BLOCK_NOTE:
        strbuf_add(out, "> ");
        write_inline(&b->text, out);
        strbuf_add(out, "\n");
        break;
    case BLOCK_LIST:
        write_list(b, out);
        break;
    case BLOCK_TABLE:
        write_table(&b->table, out);
        break;
    case BLOCK_EQUATION:
        write_equation(b, out);
        break;
    case BLOCK_DIAGRAM:
        write_mermaid_diagram(b->diagram, out);
        break;
    case BLOCK_CYCLE:
        write_mermaid_cycle(b->cycle, out);
        break;
    case BLOCK_CHART:
        write_mermaid_chart(b->chart, out);
        break;
    case BLOCK_CONTOUR:
        write_contour(b->contour, out);
        break;
    case BLOCK_GLOSSARY:
        write_glossary(b, out);
        break;
    }
}

void page_write_markdown(const struct page *p, struct strbuf *out)
{
    for (size_t i = 0; i < p->n; i++) {
        if (i)
            strbuf_add(out, "\n");
        write_block(&p->block[i], out);
    }
}
