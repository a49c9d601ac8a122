/* write_mathml.c - see write_mathml.h. Called by write_html.c.
 *
 * Only elements of MathML Core (W3C), which Chromium, Firefox and Safari draw.
 */
#include "explain/write_mathml.h"

#include <string.h>

#include "base/text.h"
#include "explain/html.h"

static void write_node(const struct equation *e, struct strbuf *out);

static void element(const char *tag, const char *text, struct strbuf *out)
{
    strbuf_addf(out, "<%s>", tag);
    html_add(out, text);
    strbuf_addf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* Something that MathML takes as one child. */
static void write_child(const struct equation *e, struct strbuf *out)
{
    if (!e)
        strbuf_add(out, "<mrow></mrow>");
    else
        write_node(e, out);
}

/* A name such as log stands apart from what it is of, unless that is in parentheses. */
static bool wants_space(const struct equation *e, const struct equation *next)
{
    if (e->kind == EQUATION_SCRIPTS)
        e = e->child[0];
    if (e->kind != EQUATION_FUNCTION || !next)
        return false;
    return next->kind != EQUATION_FENCE && next->kind != EQUATION_OPERATOR && next->kind != EQUATION_ALIGN;
}

/* A sign, not a difference: nothing that a number could be taken from stands before it. MathML
 * itself looks for that only at the beginning of a row. */
static bool is_sign(const struct equation *e, const struct equation *before)
{
    if (e->kind != EQUATION_OPERATOR || (strcmp(e->text, "−") != 0 && strcmp(e->text, "+") != 0))
        return false;
    return !before || before->kind == EQUATION_ALIGN ||
           (before->kind == EQUATION_OPERATOR && !strchr(")]}|!'", before->text[0]));
}

static void write_row(struct equation *const *child, size_t n, struct strbuf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (is_sign(child[i], i ? child[i - 1] : NULL))
            element("mo form=\"prefix\"", child[i]->text, out);
        else
            write_node(child[i], out);
        if (wants_space(child[i], i + 1 < n ? child[i + 1] : NULL))
            strbuf_add(out, "<mspace width=\"0.17em\"/>");
    }
}

static void write_scripts(const struct equation *e, struct strbuf *out)
{
    const bool large = e->child[0]->kind == EQUATION_LARGE, sub = e->child[1], sup = e->child[2];
    const char *tag = sub && sup ? (large ? "munderover" : "msubsup")
                      : sub      ? (large ? "munder" : "msub")
                                 : (large ? "mover" : "msup");

    strbuf_addf(out, "<%s>", tag);
    write_child(e->child[0], out);
    for (size_t i = 1; i < 3; i++)
        if (e->child[i])
            write_child(e->child[i], out);
    strbuf_addf(out, "</%s>", tag);
}

static void write_node(const struct equation *e, struct strbuf *out)
{
    switch (e->kind) {
    case EQUATION_ROW:
        strbuf_add(out, "<mrow>");
        write_row(e->child, e->n, out);
        strbuf_add(out, "</mrow>");
        break;
    case EQUATION_NUMBER:
        element("mn", e->text, out);
        break;
    case EQUATION_SYMBOL:
        element("mi", e->text, out);
        break;
    case EQUATION_FUNCTION: /* a single letter would be in italics */
        element(text_length(e->text, strlen(e->text)) == 1 ? "mi mathvariant=\"normal\"" : "mi", e->text,
                out);
        break;
    case EQUATION_OPERATOR:
        element(strchr("()[]{}|", e->text[0]) || strcmp(e->text, "‖") == 0 ? "mo stretchy=\"false\"" : "mo",
                e->text, out);
        break;
    case EQUATION_LARGE:
        element("mo", e->text, out);
        break;
    case EQUATION_TEXT:
        element("mtext", e->text, out);
        break;
    case EQUATION_SCRIPTS:
        write_scripts(e, out);
        break;
    case EQUATION_FRACTION:
        strbuf_add(out, "<mfrac>");
        write_child(e->child[0], out);
        write_child(e->child[1], out);
        strbuf_add(out, "</mfrac>");
        break;
    case EQUATION_ROOT:
        strbuf_add(out, "<msqrt>");
        write_child(e->child[0], out);
        strbuf_add(out, "</msqrt>");
        break;
    case EQUATION_FENCE:
        strbuf_add(out, "<mrow>");
        element("mo fence=\"true\" stretchy=\"true\"", e->text, out);
        write_child(e->child[0], out);
        element("mo fence=\"true\" stretchy=\"true\"", e->close, out);
        strbuf_add(out, "</mrow>");
        break;
    case EQUATION_UNDERBRACE:
        strbuf_add(out, "<munder><munder>");
        write_child(e->child[0], out);
        strbuf_add(out, "<mo stretchy=\"true\">⏟</mo></munder>");
        write_child(e->child[1], out);
        strbuf_add(out, "</munder>");
        break;
    case EQUATION_ALIGN: /* its line is cut there */
        break;
    }
}

/* " alttext=..." */
static void write_alternative(struct equation *const *line, size_t n, struct strbuf *out)
{
    struct strbuf b = {0};

    strbuf_add(out, " alttext=\"");
    for (size_t i = 0; i < n; i++) {
        if (i)
            strbuf_add(&b, " \\\\ ");
        equation_latex(line[i], &b);
    }
    html_add(out, b.text ? b.text : "");
    strbuf_add(out, "\"");
    strbuf_release(&b);
}

void mathml_inline(const struct equation *e, struct strbuf *out)
{
    struct equation *line = (struct equation *)(uintptr_t)e;

    strbuf_add(out, "<math");
    write_alternative(&line, 1, out);
    strbuf_add(out, ">");
    write_node(e, out);
    strbuf_add(out, "</math>");
}

/* The cells of a line, which EQUATION_ALIGN separates. */
static void write_line(const struct equation *e, struct strbuf *out)
{
    struct equation *single = (struct equation *)(uintptr_t)e, *const *child = &single;
    size_t n = 1, begin = 0;

    if (e->kind == EQUATION_ROW) {
        child = e->child;
        n = e->n;
    }
    strbuf_add(out, "<mtr>");
    for (size_t i = 0; i <= n; i++)
        if (i == n || child[i]->kind == EQUATION_ALIGN) {
            strbuf_add(out, "<mtd>");
            write_row(child + begin, i - begin, out);
            strbuf_add(out, "</mtd>");
            begin = i + 1;
        }
    strbuf_add(out, "</mtr>");
}

void mathml_block(struct equation *const *line, size_t n, struct strbuf *out)
{
    strbuf_add(out, "<math display=\"block\"");
    write_alternative(line, n, out);
    strbuf_add(out, "><mtable displaystyle=\"true\" class=\"lines\">");
    for (size_t i = 0; i < n; i++)
        write_line(line[i], out);
    strbuf_add(out, "</mtable></math>");
}
