/* svg.h - the document's pictures as inline SVG: diagrams, cycles, charts, contours.
 *
 * Colours are classes of page.css and explain.css, so that a picture is right on light and dark
 * ground and in print. A picture is as wide as it needs to be; the page scales it down.
 */
#ifndef EXPLAIN_SVG_H
#define EXPLAIN_SVG_H

#include "explain/page.h"

/* NUMBER: of the picture in its page, so that the names inside it are its own. */
void svg_diagram(const struct diagram *d, size_t number, struct strbuf *out); /* svg_diagram.c */
void svg_cycle(const struct cycle *c, size_t number, struct strbuf *out);
void svg_chart(const struct chart *c, size_t number, struct strbuf *out); /* svg_chart.c */
void svg_contour(const struct contour *c, struct strbuf *out);            /* svg_contour.c */

/* ---- what they share (svg.c) ---------------------------------------------------------------- */

/* <svg> of a class (diagram, cycle, chart) and size, with its title as its name for readers who do not see
 * it; svg_close() ends it. */
void svg_open(struct strbuf *out, const char *class, double width, double height, const char *title);
void svg_close(struct strbuf *out);

/* A line of text; ANCHOR: start, middle, end. */
void svg_text(struct strbuf *out, double x, double y, const char *anchor, const char *class,
              const char *text);

/* How wide a line is, by its number of characters. */
double svg_width(const char *text);

/* Arrow heads for lines of class plus, minus, chosen and edge; a line gets one by its
 * marker-end="url(#arrow-CLASS-NUMBER)". */
void svg_arrow_heads(struct strbuf *out, size_t number);

/* The axes of a chart: a frame on paper, and numbers along it. */
struct svg_axes {
    double left, right, top, bottom;     /* on paper */
    double x_low, x_high, y_low, y_high; /* what they stand for; y already as a logarithm */
    bool whole;                          /* x has whole numbers only */
    bool logarithmic;                    /* the numbers along y are powers of ten */
};
double svg_x(const struct svg_axes *a, double x);
double svg_y(const struct svg_axes *a, double y);
void svg_write_axes(struct strbuf *out, const struct svg_axes *a, const char *x_label, const char *y_label);

/* The step between round numbers, about N of which lie from LOW to HIGH. */
double svg_tick(double low, double high, int n);

/* Rectangles on paper that are taken: labels are put where none of them is. */
struct svg_places {
    size_t n;
    struct svg_place *place;
};

/* Take the room around a line of text as svg_text() puts it, letters SIZE high. False, and nothing
 * is taken, where some of it is taken already. */
bool svg_take_text(struct svg_places *p, double x, double y, const char *anchor, double size,
                   const char *text);
/* Take a rectangle of a width and height around (X, Y), whatever is there. */
void svg_take(struct svg_places *p, double x, double y, double width, double height);
void svg_places_release(struct svg_places *p);

/* Points with their labels, which keep clear of each other. */
void svg_points(struct strbuf *out, const struct svg_axes *a, const struct point *point, size_t n);

#endif
