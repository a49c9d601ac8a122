/* svg.c - what the document's pictures share: see svg.h. */
#include "explain/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "explain/html.h"
#include "explain/number.h"

void svg_open(struct strbuf *out, const char *class, double width, double height, const char *title)
{
    strbuf_addf(out,
                "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
                "style=\"--width: %.0fpx\" role=\"img\" aria-label=\"",
                class, width, height, width, height, width);
    html_add(out, title);
    strbuf_add(out, "\">\n");
}

void svg_close(struct strbuf *out)
{
    strbuf_add(out, "</svg>\n");
}

void svg_text(struct strbuf *out, double x, double y, const char *anchor, const char *class, const char *text)
{
    strbuf_addf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, class);
    html_add(out, text);
    strbuf_add(out, "</text>\n");
}

double svg_width(const char *text)
{
    return 6.9 * (double)text_length(text, strlen(text));
}

void svg_arrow_heads(struct strbuf *out, size_t number)
{
    static const char *const class[] = {"plus", "minus", "chosen", "edge"};

    strbuf_add(out, "<defs>");
    for (size_t i = 0; i < sizeof class / sizeof *class; i++)
        strbuf_addf(
            out,
            "<marker id=\"arrow-%s-%zu\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" "
            "markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\"><path "
            "class=\"head-%s\" "
            "d=\"M0 0L10 5L0 10z\"/></marker>",
            class[i], number, class[i]);
    strbuf_add(out, "</defs>\n");
}

/* ---- axes ----------------------------------------------------------------------------------- */

double svg_x(const struct svg_axes *a, double x)
{
    return a->left + (x - a->x_low) / (a->x_high - a->x_low) * (a->right - a->left);
}

double svg_y(const struct svg_axes *a, double y)
{
    return a->bottom - (y - a->y_low) / (a->y_high - a->y_low) * (a->bottom - a->top);
}

double svg_tick(double low, double high, int n)
{
    static const double round[] = {1, 2, 5, 10};
    const double raw = (high - low) / n, power = pow(10.0, floor(log10(raw)));

    for (size_t i = 0; i < sizeof round / sizeof *round; i++)
        if (round[i] * power >= raw * (1.0 - 1e-9))
            return round[i] * power;
    return 10.0 * power;
}

/* In as many digits as tell it from its neighbours. */
static const char *tick_text(double v, double step, char text[64])
{
    const int places = (int)fmax(0.0, -floor(log10(step) + 1e-9));
    struct number_text number;

    if (places > 6 || fabs(v) >= 1e6)
        return strcpy(text, number_text(v, &number));
    snprintf(text, 64, "%s%.*f", v < 0.0 ? "−" : "", places, fabs(v));
    return text;
}

static void write_x_axis(struct strbuf *out, const struct svg_axes *a)
{
    double step = svg_tick(a->x_low, a->x_high, 6);
    char text[64];

    if (a->whole && step < 1.0)
        step = 1.0;
    for (double k = ceil(a->x_low / step - 1e-9); k * step <= a->x_high + 1e-9 * step; k++) {
        const double x = svg_x(a, k * step);

        strbuf_addf(out, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", x, a->bottom);
        svg_text(out, x, a->bottom + 17, "middle", "soft", tick_text(k * step, step, text));
    }
}

static void write_y_axis(struct strbuf *out, const struct svg_axes *a)
{
    const double step =
        a->logarithmic ? fmax(1.0, svg_tick(a->y_low, a->y_high, 4)) : svg_tick(a->y_low, a->y_high, 4);
    char text[64];

    for (double k = ceil(a->y_low / step - 1e-9); k * step <= a->y_high + 1e-9 * step; k++) {
        const double y = svg_y(a, k * step);
        struct number_text number;

        strbuf_addf(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", a->left, y, a->right);
        svg_text(out, a->left - 7, y + 4, "end", "soft",
                 a->logarithmic ? number_text(pow(10.0, k * step), &number)
                                : tick_text(k * step, step, text));
    }
}

void svg_write_axes(struct strbuf *out, const struct svg_axes *a, const char *x_label, const char *y_label)
{
    write_y_axis(out, a);
    write_x_axis(out, a);
    strbuf_addf(out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", a->left, a->top, a->bottom,
                a->right);
    svg_text(out, 0.5 * (a->left + a->right), a->bottom + 36, "middle", "soft", x_label);
    strbuf_addf(out,
                "<text transform=\"translate(14 %.1f) rotate(-90)\" text-anchor=\"middle\" class=\"soft\">",
                0.5 * (a->top + a->bottom));
    html_add(out, y_label);
    strbuf_add(out, "</text>\n");
}

/* ---- labels that keep clear of each other --------------------------------------------------------- */

struct svg_place {
    double left, right, top, bottom;
};

void svg_take(struct svg_places *p, double x, double y, double width, double height)
{
    p->place = mem_grow(p->place, p->n + 1, sizeof *p->place);
    p->place[p->n++] =
        (struct svg_place){x - 0.5 * width, x + 0.5 * width, y - 0.5 * height, y + 0.5 * height};
}

bool svg_take_text(struct svg_places *p, double x, double y, const char *anchor, double size,
                   const char *text)
{
    const double width = svg_width(text) * size / 12.0;
    const double middle = strcmp(anchor, "start") == 0 ? x + 0.5 * width
                          : strcmp(anchor, "end") == 0 ? x - 0.5 * width
                                                       : x;

    for (size_t i = 0; i < p->n; i++)
        if (middle - 0.5 * width < p->place[i].right && middle + 0.5 * width > p->place[i].left &&
            y - 0.8 * size < p->place[i].bottom && y + 0.2 * size > p->place[i].top)
            return false;
    svg_take(p, middle, y - 0.3 * size, width, size);
    return true;
}

void svg_places_release(struct svg_places *p)
{
    free(p->place);
    *p = (struct svg_places){0};
}

/* Where a point is on paper; false outside of the frame. */
static bool point_place(const struct svg_axes *a, const struct point *point, double *x, double *y)
{
    const double v = a->logarithmic ? log10(point->y) : point->y;

    *x = svg_x(a, point->x);
    *y = svg_y(a, v);
    return isfinite(v) && point->x >= a->x_low && point->x <= a->x_high && v >= a->y_low && v <= a->y_high;
}

/* Above or below, to the right or the left; a second one rather BELOW. Where all is taken the
 * label is left out: its point tells more than two words in one place. */
static void label_point(struct strbuf *out, const struct svg_axes *a, struct svg_places *taken,
                        const struct point *point, double x, double y, bool below)
{
    for (size_t k = 0; k < 4; k++) {
        const bool under = below != (k % 2 == 1), left = k / 2 == 1;
        const double at = y + (under ? 18 : -9), width = 9 + svg_width(point->label);

        if (at < a->top + 3 || at > a->bottom - 4 || (left ? x - width < a->left : x + width > a->right))
            continue;
        if (svg_take_text(taken, x + (left ? -9 : 9), at, left ? "end" : "start", 12, point->label)) {
            svg_text(out, x + (left ? -9 : 9), at, left ? "end" : "start", "halo", point->label);
            return;
        }
    }
}

/* Of many points in nearly one place, the first and the last have their labels. */
static bool stands_alone(const struct svg_axes *a, const struct point *point, size_t n, size_t i)
{
    double x, y, x2, y2;

    if (i == 0 || i + 1 == n || !point_place(a, &point[i], &x, &y))
        return true;
    for (size_t k = 0; k < n; k++)
        if ((k < i || k + 1 == n) && point_place(a, &point[k], &x2, &y2) && hypot(x - x2, y - y2) < 20.0)
            return false;
    return true;
}

void svg_points(struct strbuf *out, const struct svg_axes *a, const struct point *point, size_t n)
{
    struct svg_places taken = {0};
    double x, y;

    for (size_t i = n; i-- > 0;) /* the first lies above the others */
        if (point_place(a, &point[i], &x, &y)) {
            strbuf_addf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>",
                        i == 0 ? "dot" : "dot2", x, y);
            svg_take(&taken, x, y, 10, 10);
        }
    for (size_t k = 0; k < n; k++) {
        const size_t i = k < 2 ? k * (n - 1) : k - 1; /* the first, the last, those between */

        if (point_place(a, &point[i], &x, &y) && stands_alone(a, point, n, i))
            label_point(out, a, &taken, &point[i], x, y, k % 2 == 1);
    }
    svg_places_release(&taken);
}
