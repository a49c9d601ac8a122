/* equation.h - formulas as small trees, so that LaTeX and MathML say the same.
 *
 * A formula is written once, in the subset of LaTeX that equation_read() knows, and printed
 * by equation_latex() (write_markdown.c) or as MathML (write_html.c). The subset:
 *
 *     numbers, one-letter symbols, \names of the table in equation.c (\partial, \cdot, \tanh ...)
 *     base_{sub}^{sup}   \frac{a}{b}   \sqrt{a}   \left( a \right)   \{ a }   \text{words}
 *     \mathrm{word}   \underbrace{a}_{name}   \sum_{i}   and & where lines are aligned
 *
 * Braces around one character may be left out behind _ and ^. Knows nothing of pages.
 */
#ifndef EXPLAIN_EQUATION_H
#define EXPLAIN_EQUATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

enum equation_kind {
    EQUATION_ROW,        /* child [n] one after another */
    EQUATION_NUMBER,     /* text: 0.25 */
    EQUATION_SYMBOL,     /* text: a variable, in italics: w, η, ∂ */
    EQUATION_FUNCTION,   /* text: an upright name: tanh, softmax */
    EQUATION_OPERATOR,   /* text: + − · = ≈ ( ) , ... */
    EQUATION_LARGE,      /* text: ∑, with limits below and above when it has scripts */
    EQUATION_TEXT,       /* text: words, upright, blanks kept */
    EQUATION_SCRIPTS,    /* child [3]: base, sub, sup; sub or sup may be NULL */
    EQUATION_FRACTION,   /* child [2]: above, below */
    EQUATION_ROOT,       /* child [1] */
    EQUATION_FENCE,      /* child [1] between text and close, which grow with it: ( ) | | [ ] */
    EQUATION_UNDERBRACE, /* child [2]: what is braced, its name below */
    EQUATION_ALIGN       /* where this line is aligned with the others of its block; at top level only */
};

struct equation {
    enum equation_kind kind;
    const char *text;  /* UTF-8 */
    const char *latex; /* the same for LaTeX: "\\eta"; NULL: text as it is */
    const char *close; /* of a fence */
    size_t n;
    struct equation **child;
};

/* The tree of TEXT, in ARENA. What is not of the subset becomes EQUATION_TEXT and *WRONG (may be
 * NULL) is set: a mistake in the program, which tests look for. Never NULL. */
struct equation *equation_read(struct arena *arena, const char *text, bool *wrong);

/* Append LaTeX that KaTeX and GitHub take. */
void equation_latex(const struct equation *e, struct strbuf *out);

#endif
