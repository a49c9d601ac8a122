/* page.h - the explanation as a document: blocks in order, which writers turn into Markdown
 * (write_markdown.c) or HTML (write_html.c).
 *
 * story.c builds it once from a lesson; a writer reads it and decides nothing about its
 * content. Everything belongs to the page's arena. Running text is given with a little markup,
 * which page.c reads:
 *
 *     *emphasis*   **strong**   `code`   $formula$ (equation.h)   [words](#anchor)
 *     {gradient}   a word of the glossary, linked there;   {gradient|gradients} as another form
 *     \x           the character x as it is; page_plain() does that to names and data
 */
#ifndef EXPLAIN_PAGE_H
#define EXPLAIN_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "explain/equation.h"

/* ---- running text ------------------------------------------------------------------ */

enum span_kind { SPAN_TEXT, SPAN_EMPHASIS, SPAN_STRONG, SPAN_CODE, SPAN_MATH, SPAN_LINK };

struct span {
    enum span_kind kind;
    const char *text;          /* UTF-8, unescaped; NULL for SPAN_MATH */
    const char *anchor;        /* SPAN_LINK: of this page, without # */
    struct equation *equation; /* SPAN_MATH */
};

struct inline_text {
    size_t n;
    struct span *span;
};

/* ---- diagrams: nodes in columns, from left to right --------------------------------- */

enum diagram_kind {
    DIAGRAM_INPUT,  /* a number of the sample */
    DIAGRAM_NEURON, /* a neuron */
    DIAGRAM_BIAS,   /* the constant 1 whose weights are biases */
    DIAGRAM_LAYER,  /* a whole layer, where its numbers are too many or no neurons */
    DIAGRAM_TARGET, /* the label, the right answer */
    DIAGRAM_LOSS,
    DIAGRAM_MORE /* "…": neurons that are left out */
};

struct diagram_node {
    enum diagram_kind kind;
    const char *id;    /* unique in the diagram, [a-z0-9_]+ */
    const char *label; /* lines, separated by \n; plain UTF-8 */
    double shade;      /* -1 .. 1: colour of the node (value, blame), 0 neutral */
    bool chosen;       /* on the path of the chosen weight */
};

struct diagram_column {
    const char *title; /* "hidden · 8 neurons, tanh", or NULL */
    size_t n;
    struct diagram_node *node;
};

struct diagram_edge {
    const char *from, *to; /* ids */
    const char *label;     /* or NULL */
    double size;           /* 0 .. 1: width, by size of the weight or share of the gradient */
    int sign;              /* -1, 0, 1: colour */
    bool back;             /* the arrow points against the columns: an error signal */
    bool chosen;           /* the chosen weight */
    bool bias;
    bool weight; /* a bias or a weight; else it says only who reads what */
};

struct diagram {
    const char *title; /* alternative text, a sentence */
    size_t ncolumns;
    struct diagram_column *column;
    size_t nedges;
    struct diagram_edge *edge;
};

/* The round diagram of part 10 and other simple flows: boxes, each with an arrow to the next,
 * the last one to the first when it is a cycle. */
struct cycle {
    const char *title;
    bool closed;
    size_t n;
    const char **label;
    const char **arrow; /* [n] on the arrow behind box i; entries may be NULL */
};

/* ---- charts ---------------------------------------------------------------------------- */

enum series_kind {
    SERIES_LINE,
    SERIES_SEGMENT, /* a straight piece: HTML only (grid is false) */
    SERIES_BARS
};

struct series {
    enum series_kind kind;
    const char *name;
    bool grid;     /* x is the chart's grid: the only series that a Mermaid chart can draw */
    bool stand_in; /* there for a segment, which HTML draws instead */
    size_t n;
    double *x, *y; /* all finite */
};

struct point {
    const char *label;
    double x, y;
};

struct chart {
    const char *title, *x_label, *y_label;
    size_t nseries;
    struct series *series;
    size_t npoints; /* marked: HTML draws them, Markdown lists them below the chart */
    struct point *point;
    double x_low, x_high, y_low, y_high; /* of the axes */
    bool whole;                          /* x are whole numbers: steps, epochs */
    bool logarithmic;                    /* y, in HTML; Markdown has no such axis */
};

struct contour {
    const char *title, *x_label, *y_label;
    size_t nx, ny;
    double *x, *y, *z; /* z [ny, nx]; may hold infinities */
    size_t npoints;
    struct point *point;
};

/* ---- blocks ------------------------------------------------------------------------------ */

enum block_kind {
    BLOCK_HEADING,
    BLOCK_PARAGRAPH,
    BLOCK_NOTE, /* a paragraph set apart */
    BLOCK_LIST,
    BLOCK_TABLE,
    BLOCK_EQUATION,
    BLOCK_DIAGRAM,
    BLOCK_CYCLE,
    BLOCK_CHART,
    BLOCK_CONTOUR,
    BLOCK_GLOSSARY
};

struct table_block {
    size_t ncolumns, nrows;
    struct inline_text *head; /* [ncolumns] */
    bool *right;              /* [ncolumns] numbers, aligned to the right */
    struct inline_text *cell; /* [nrows, ncolumns] */
};

struct glossary_entry {
    const char *term, *anchor;
    struct inline_text text;
};

struct block {
    enum block_kind kind;
    union {
        struct {
            int level; /* 1: the title; 2: a part; 3 */
            const char *text, *anchor;
        } heading;
        struct inline_text text; /* paragraph, note */
        struct {
            bool numbered;
            size_t n;
            struct inline_text *item;
        } list;
        struct table_block table;
        struct {
            size_t n; /* lines; with more than one they may be aligned at EQUATION_ALIGN */
            struct equation **line;
        } equation;
        struct diagram *diagram;
        struct cycle *cycle;
        struct chart *chart;
        struct contour *contour;
        struct {
            size_t n;
            struct glossary_entry *entry;
        } glossary;
    };
};

struct page {
    struct arena *arena;
    size_t n, room;
    struct block *block; /* grown with mem_grow(); page_free() frees it */
    bool wrong;          /* some markup or formula was none: a mistake in the program */
    bool said[64];       /* terms of the glossary that were used */
};

struct page *page_new(void);
void page_free(struct page *p);

/* ---- building (story*.c) ------------------------------------------------------------------- */

/* The anchor is made of the text as GitHub does: "3. Forward pass" is #3-forward-pass. */
void page_heading(struct page *p, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void page_paragraph(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void page_note(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Items and rows are added to the last block, which must be a list or table. */
void page_list(struct page *p, bool numbered);
void page_item(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* HEAD: the columns' heads, separated by |; one that begins with > is a column of numbers. */
void page_table(struct page *p, const char *head);
/* The cells of a row, separated by | (which page_plain() hides in names). */
void page_row(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Lines of a formula; each call of page_line() adds one to the last block. */
void page_equation(struct page *p);
void page_line(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void page_add(struct page *p, enum block_kind kind, void *what); /* diagram, cycle, chart, contour */
void page_glossary(struct page *p);                              /* of the terms that were used */

/* TEXT with every character that is markup escaped, in the page's arena. */
const char *page_plain(struct page *p, const char *text);
const char *page_format(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- writing ------------------------------------------------------------------------------- */

/* GitHub Markdown with Mermaid and LaTeX. */
void page_write_markdown(const struct page *p, struct strbuf *out);

/* One HTML page that needs no network: SVG and MathML. */
void page_write_html(const struct page *p, struct strbuf *out);

#endif
