/* svg_chart.c - charts of curves and bars as SVG: see svg.h. */
#include <math.h>
#include <string.h>

#include "explain/html.h"
#include "explain/svg.h"

enum { WIDTH = 640, HEIGHT = 330, SERIES_CLASSES = 4 };

static double height_of(const struct svg_axes *a, double y)
{
    return a->logarithmic ? (y > 0.0 ? log10(y) : NAN) : y;
}

/* Far outside the frame a curve is cut at the next frame's height, so that coordinates stay small. */
static double within(const struct svg_axes *a, double y)
{
    const double span = a->y_high - a->y_low;

    return fmin(a->y_high + span, fmax(a->y_low - span, y));
}

static void write_line(struct strbuf *out, const struct svg_axes *a, const struct series *s, size_t class,
                       size_t number)
{
    bool pen = false;

    strbuf_addf(out, "<path class=\"series series%zu\" clip-path=\"url(#clip-%zu)\" d=\"", class, number);
    for (size_t i = 0; i < s->n; i++) {
        const double y = height_of(a, s->y[i]);

        if (isnan(y)) {
            pen = false;
            continue;
        }
        strbuf_addf(out, "%s%.1f %.1f", pen ? "L" : "M", svg_x(a, s->x[i]),
                    svg_y(a, s->kind == SERIES_SEGMENT ? y : within(a, y)));
        pen = true;
    }
    strbuf_add(out, "\"/>\n");
}

static void write_bars(struct strbuf *out, const struct svg_axes *a, const struct series *s, size_t class)
{
    const double step = s->n > 1 ? svg_x(a, s->x[1]) - svg_x(a, s->x[0]) : a->right - a->left;
    const double width = fmin(48.0, 0.7 * step), zero = a->y_low > 0.0 || a->logarithmic ? a->y_low : 0.0;

    for (size_t i = 0; i < s->n; i++) {
        const double y = svg_y(a, within(a, height_of(a, s->y[i]))), base = svg_y(a, zero);

        if (isnan(y))
            continue;
        strbuf_addf(out, "<rect class=\"bar%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                    class, svg_x(a, s->x[i]) - 0.5 * width, fmin(y, base), width, fabs(base - y));
    }
}

/* The next series to draw from I on: what only stands in for a segment is left out. */
static size_t next_series(const struct chart *c, size_t i)
{
    while (i < c->nseries && c->series[i].stand_in)
        i++;
    return i;
}

/* A key below the chart; a single curve needs none. Returns how many lines it takes. */
static int write_key(struct strbuf *out, const struct chart *c, double y, bool write)
{
    double x = 76;
    int lines = 1;
    size_t n = 0;

    for (size_t i = next_series(c, 0); i < c->nseries; i = next_series(c, i + 1), n++) {
        const double width = 44 + 1.4 * svg_width(c->series[i].name); /* it may be shown larger */

        if (x + width > WIDTH && x > 76) {
            x = 76;
            lines++;
        }
        if (write) {
            const double at = y + 18.0 * (lines - 1);

            strbuf_addf(out, "<path class=\"series series%zu\" d=\"M%.1f %.1fh22\"/>", n % SERIES_CLASSES, x,
                        at - 4);
            svg_text(out, x + 28, at, "start", "", c->series[i].name);
        }
        x += width;
    }
    return n > 1 ? lines : 0;
}

/* The axes' ends as the chart has them; a curve that is flat, or a point, needs some room. */
static void set_ends(struct svg_axes *a, const struct chart *c)
{
    a->x_low = c->x_low;
    a->x_high = c->x_high > c->x_low ? c->x_high : c->x_low + 1.0;
    a->y_low = c->y_low;
    a->y_high = c->y_high;
    a->logarithmic = c->logarithmic && c->y_high > 0.0;
    if (a->logarithmic) {
        double least = c->y_low > 0.0 ? c->y_low : INFINITY;

        for (size_t k = 0; k < c->nseries && !(c->y_low > 0.0); k++)
            for (size_t i = 0; i < c->series[k].n; i++)
                if (c->series[k].y[i] > 0.0 && c->series[k].y[i] < least)
                    least = c->series[k].y[i];
        a->y_low = log10(isfinite(least) ? least : 0.1 * c->y_high);
        a->y_high = log10(c->y_high);
    }
    if (!(a->y_high > a->y_low)) {
        const double room = a->y_low == 0.0 ? 1.0 : 0.1 * fabs(a->y_low);

        a->y_low -= room;
        a->y_high += room;
    }
}

void svg_chart(const struct chart *c, size_t number, struct strbuf *out)
{
    struct svg_axes a = {
        .left = 76, .right = WIDTH - 16, .top = 14, .bottom = HEIGHT - 46, .whole = c->whole};
    const int key = write_key(out, c, 0, false);

    set_ends(&a, c);
    svg_open(out, "chart", WIDTH, HEIGHT + 20.0 * key, c->title);
    strbuf_addf(out,
                "<defs><clipPath id=\"clip-%zu\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
                "</clipPath></defs>\n",
                number, a.left, a.top - 3, a.right - a.left, a.bottom - a.top + 6);
    svg_write_axes(out, &a, c->x_label, c->y_label);
    for (size_t i = next_series(c, 0), n = 0; i < c->nseries; i = next_series(c, i + 1), n++) {
        if (c->series[i].kind == SERIES_BARS)
            write_bars(out, &a, &c->series[i], n % SERIES_CLASSES);
        else
            write_line(out, &a, &c->series[i], n % SERIES_CLASSES, number);
    }
    svg_points(out, &a, c->point, c->npoints);
    if (key)
        write_key(out, c, HEIGHT + 10, true);
    svg_close(out);
}
