/* write_mathml.c - see write_mathml.h.
 *
 * Only elements of MathML Core (W3C), which Chromium, Firefox and Safari draw.
 */
#include "explain/write_mathml.h"

#include <string.h>

#include "base/text.h"
#include "explain/html.h"

/* So many digits fit beside the left side of an equation in the document's column. */
#define LINE_WIDTH 73.0

static void write_node(const struct equation *e, struct strbuf *out);

static void element(const char *tag, const char *text, struct strbuf *out)
{
    strbuf_addf(out, "<%s>", tag);
    html_add(out, text);
    strbuf_addf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* Blanks at the ends of <mtext> count for nothing, so those are written as ones that do. */
static void write_words(const char *text, struct strbuf *out)
{
    size_t begin = strspn(text, " "), end = strlen(text);

    while (end > begin && text[end - 1] == ' ')
        end--;
    strbuf_add(out, "<mtext>");
    for (size_t i = 0; i < begin; i++)
        strbuf_add(out, "\u00a0");
    for (size_t i = begin; i < end; i++)
        html_add(out, (const char[]){text[i], '\0'});
    for (size_t i = end; text[i]; i++)
        strbuf_add(out, "\u00a0");
    strbuf_add(out, "</mtext>");
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
           (before->kind == EQUATION_OPERATOR && !strchr(")]}|!'", before->text[0]) &&
            strcmp(before->text, "…") != 0);
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
        write_words(e->text, out);
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

/* ---- lines that are too long ------------------------------------------------------------------- */

/* About how wide, in digits. */
static double width_of(const struct equation *e)
{
    double width = 0.0, most = 0.0;

    if (!e)
        return 0.0;
    for (size_t i = 0; i < e->n; i++) {
        const double one = width_of(e->child[i]);

        width += one;
        most = one > most ? one : most;
    }
    switch (e->kind) {
    case EQUATION_ROW:
        return width;
    case EQUATION_SCRIPTS:
        most = 0.7 * (width_of(e->child[1]) > width_of(e->child[2]) ? width_of(e->child[1])
                                                                    : width_of(e->child[2]));
        return width_of(e->child[0]) + most;
    case EQUATION_FRACTION:
    case EQUATION_UNDERBRACE:
        return most;
    case EQUATION_ROOT:
    case EQUATION_FENCE:
        return width + 1.5;
    case EQUATION_OPERATOR:
        return strchr("()[]{}|,!'", e->text[0]) ? 0.7 : strcmp(e->text, "·") == 0 ? 1.2 : 2.2;
    case EQUATION_ALIGN:
        return 0.0;
    default:
        return (double)text_length(e->text, strlen(e->text));
    }
}

/* Where a line may be cut: before =, and before + and − between terms. */
static bool is_break(struct equation *const *child, size_t i)
{
    static const char *const sign[] = {"=", "≈", "+", "−"};

    if (i == 0 || child[i]->kind != EQUATION_OPERATOR || is_sign(child[i], child[i - 1]))
        return false;
    for (size_t k = 0; k < sizeof sign / sizeof *sign; k++)
        if (strcmp(child[i]->text, sign[k]) == 0)
            return true;
    return false;
}

/* How many of CHILD[N] fit into a line: all, or up to the last break that does. Parentheses are
 * kept together. */
static size_t fitting(struct equation *const *child, size_t n)
{
    double width = 0.0;
    size_t fits = 0;
    int depth = 0;

    for (size_t i = 0; i < n; i++) {
        const bool sign = child[i]->kind == EQUATION_OPERATOR;

        if (depth == 0 && is_break(child, i))
            fits = i;
        depth += sign && strchr("([{", child[i]->text[0]) ? 1 : 0;
        depth -= sign && strchr(")]}", child[i]->text[0]) ? 1 : 0;
        width += width_of(child[i]);
        if (width > LINE_WIDTH && fits > 0)
            return fits;
    }
    return n;
}

/* The last cell of a line, and lines below it for what does not fit, under its beginning. */
static void write_last_cell(struct equation *const *child, size_t n, size_t cells, struct strbuf *out)
{
    for (size_t begin = 0, end; begin < n || begin == 0; begin = end) {
        end = begin + fitting(child + begin, n - begin);
        if (begin > 0) {
            strbuf_add(out, "</mtr><mtr>");
            for (size_t i = 1; i < cells; i++)
                strbuf_add(out, "<mtd></mtd>");
        }
        strbuf_add(out, "<mtd>");
        if (begin > 0) {
            const bool equals = strcmp(child[begin]->text, "=") == 0 || strcmp(child[begin]->text, "≈") == 0;

            if (!equals)
                strbuf_add(out, "<mspace width=\"1.6em\"/>");
            element(equals ? "mo" : "mo form=\"infix\"", child[begin++]->text, out);
        }
        write_row(child + begin, end - begin, out);
        strbuf_add(out, "</mtd>");
        if (n == 0)
            break;
    }
}

/* The cells of a line, which EQUATION_ALIGN separates. */
static void write_line(const struct equation *e, struct strbuf *out)
{
    struct equation *single = (struct equation *)(uintptr_t)e, *const *child = &single;
    size_t n = 1, begin = 0, cells = 1;

    if (e->kind == EQUATION_ROW) {
        child = e->child;
        n = e->n;
    }
    strbuf_add(out, "<mtr>");
    for (size_t i = 0; i < n; i++)
        if (child[i]->kind == EQUATION_ALIGN) {
            strbuf_add(out, "<mtd>");
            write_row(child + begin, i - begin, out);
            strbuf_add(out, "</mtd>");
            begin = i + 1;
            cells++;
        }
    write_last_cell(child + begin, n - begin, cells, out);
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
