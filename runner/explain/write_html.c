/* write_html.c - a page as one HTML file that needs nothing else: formulas as MathML (write_mathml.c),
 * pictures as SVG (svg*.c), the rest here. Decides nothing about content; explain.html is the frame,
 * page.css and explain.css the looks.
 */
#include <string.h>

#include "explain/assets.h"
#include "explain/html.h"
#include "explain/page.h"
#include "explain/svg.h"
#include "explain/write_mathml.h"

/* ---- running text -------------------------------------------------------------------------- */

static void write_element(const char *tag, const char *text, struct strbuf *out)
{
    strbuf_addf(out, "<%s>", tag);
    html_add(out, text);
    strbuf_addf(out, "</%s>", tag);
}

static void write_inline(const struct inline_text *t, struct strbuf *out)
{
    for (size_t i = 0; i < t->n; i++) { /* an empty cell has no spans */
        const struct span *s = &t->span[i];

        switch (s->kind) {
        case SPAN_TEXT:
            html_add(out, s->text);
            break;
        case SPAN_EMPHASIS:
            write_element("em", s->text, out);
            break;
        case SPAN_STRONG:
            write_element("strong", s->text, out);
            break;
        case SPAN_CODE:
            write_element("code", s->text, out);
            break;
        case SPAN_MATH:
            mathml_inline(s->equation, out);
            break;
        case SPAN_LINK:
            strbuf_add(out, "<a href=\"#");
            html_add(out, s->anchor);
            strbuf_addf(out, "\"%s>", strncmp(s->anchor, "term-", 5) == 0 ? " class=\"term\"" : "");
            html_add(out, s->text);
            strbuf_add(out, "</a>");
            break;
        }
    }
}

/* <TAG>text</TAG>; TAG may have attributes. */
static void write_text(const char *tag, const struct inline_text *t, struct strbuf *out)
{
    strbuf_addf(out, "<%s>", tag);
    write_inline(t, out);
    strbuf_addf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void write_heading(const struct block *b, struct strbuf *out)
{
    const int level = b->heading.level < 1 ? 1 : b->heading.level > 6 ? 6 : b->heading.level;

    strbuf_addf(out, "<h%d id=\"", level);
    html_add(out, b->heading.anchor);
    strbuf_add(out, "\">");
    html_add(out, b->heading.text);
    strbuf_addf(out, "</h%d>\n", level);
}

static void write_list(const struct block *b, struct strbuf *out)
{
    const char *tag = b->list.numbered ? "ol" : "ul";

    strbuf_addf(out, "<%s>\n", tag);
    for (size_t i = 0; i < b->list.n; i++)
        write_text("li", &b->list.item[i], out);
    strbuf_addf(out, "</%s>\n", tag);
}

static void write_row(const struct table_block *t, const struct inline_text *cell, const char *tag,
                      const char *more, struct strbuf *out)
{
    strbuf_add(out, "<tr>");
    for (size_t i = 0; i < t->ncolumns; i++) {
        strbuf_addf(out, "<%s%s%s>", tag, more, t->right[i] ? " class=\"right\"" : "");
        write_inline(&cell[i], out);
        strbuf_addf(out, "</%s>", tag);
    }
    strbuf_add(out, "</tr>\n");
}

/* A wide table scrolls by itself, also by keyboard. */
static void write_table(const struct table_block *t, struct strbuf *out)
{
    strbuf_add(out,
               "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>\n<thead>");
    write_row(t, t->head, "th", " scope=\"col\"", out);
    strbuf_add(out, "</thead>\n<tbody>\n");
    for (size_t r = 0; r < t->nrows; r++)
        write_row(t, &t->cell[r * t->ncolumns], "td", "", out);
    strbuf_add(out, "</tbody></table></div>\n");
}

static void write_equation(const struct block *b, struct strbuf *out)
{
    strbuf_add(out, "<div class=\"wide equation\" tabindex=\"0\" role=\"group\" aria-label=\"Formula\">");
    mathml_block(b->equation.line, b->equation.n, out);
    strbuf_add(out, "</div>\n");
}

static void write_glossary(const struct block *b, struct strbuf *out)
{
    strbuf_add(out, "<dl class=\"glossary\">\n");
    for (size_t i = 0; i < b->glossary.n; i++) {
        const struct glossary_entry *e = &b->glossary.entry[i];

        strbuf_add(out, "<dt id=\"");
        html_add(out, e->anchor);
        strbuf_add(out, "\">");
        html_add(out, e->term);
        strbuf_add(out, "</dt>\n");
        write_text("dd", &e->text, out);
    }
    strbuf_add(out, "</dl>\n");
}

static void open_figure(struct strbuf *out)
{
    strbuf_add(out, "<figure><div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Picture\">\n");
}

static void close_figure(const char *caption, struct strbuf *out)
{
    strbuf_add(out, "</div>\n<figcaption>");
    html_add(out, caption);
    strbuf_add(out, "</figcaption></figure>\n");
}

static void write_picture(const struct block *b, size_t number, struct strbuf *out)
{
    const char *title = NULL;

    open_figure(out);
    switch (b->kind) {
    case BLOCK_DIAGRAM:
        svg_diagram(b->diagram, number, out);
        title = b->diagram->title;
        break;
    case BLOCK_CYCLE:
        svg_cycle(b->cycle, number, out);
        title = b->cycle->title;
        break;
    case BLOCK_CHART:
        svg_chart(b->chart, number, out);
        title = b->chart->title;
        break;
    default:
        svg_contour(b->contour, out);
        title = b->contour->title;
        break;
    }
    close_figure(title, out);
}

static void write_block(const struct block *b, size_t number, struct strbuf *out)
{
    switch (b->kind) {
    case BLOCK_HEADING:
        write_heading(b, out);
        break;
    case BLOCK_PARAGRAPH:
        write_text("p", &b->text, out);
        break;
    case BLOCK_NOTE:
        write_text("p class=\"note\"", &b->text, out);
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
    case BLOCK_GLOSSARY:
        write_glossary(b, out);
        break;
    case BLOCK_DIAGRAM:
    case BLOCK_CYCLE:
    case BLOCK_CHART:
    case BLOCK_CONTOUR:
        write_picture(b, number, out);
        break;
    }
}

/* ---- the page ------------------------------------------------------------------------------------ */

/* The parts, as links. */
static void write_contents(const struct page *p, struct strbuf *out)
{
    strbuf_add(out, "<ul>\n");
    for (size_t i = 0; i < p->n; i++) {
        const struct block *b = &p->block[i];

        if (b->kind != BLOCK_HEADING || b->heading.level != 2)
            continue;
        strbuf_add(out, "<li><a href=\"#");
        html_add(out, b->heading.anchor);
        strbuf_add(out, "\">");
        html_add(out, b->heading.text);
        strbuf_add(out, "</a></li>\n");
    }
    strbuf_add(out, "</ul>\n");
}

void page_write_html(const struct page *p, struct strbuf *out)
{
    struct strbuf title = {0}, contents = {0}, body = {0};

    for (size_t i = 0; i < p->n; i++)
        if (p->block[i].kind == BLOCK_HEADING && p->block[i].heading.level == 1 && !title.len)
            html_add(&title, p->block[i].heading.text);
    strbuf_add(&title, "");
    strbuf_add(&body, "");
    write_contents(p, &contents);
    for (size_t i = 0; i < p->n; i++)
        write_block(&p->block[i], i, &body);
    html_fill(out, asset_explain_html,
              (const struct html_mark[]){{"title", title.text},
                                         {"page.css", asset_page_css},
                                         {"explain.css", asset_explain_css},
                                         {"contents", contents.text},
                                         {"body", body.text}},
              5);
    strbuf_release(&title);
    strbuf_release(&contents);
    strbuf_release(&body);
}
