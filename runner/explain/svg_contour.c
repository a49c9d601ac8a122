/* svg_contour.c - a surface from above as SVG: cells in colours by height, lines of equal height, points on
 * it. See svg.h.
 */
#include <math.h>
#include <stdlib.h>

#include "explain/number.h"
#include "explain/svg.h"

enum { WIDTH = 640, HEIGHT = 500, LEVELS = 10 };

/* Heights between which the levels lie: the finite ones, the uppermost tenth cut off, where a
 * few steep walls would leave the valley one colour. */
struct heights {
    double low, high;
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct heights find_heights(const struct contour *c)
{
    double *z = mem_array(c->nx * c->ny, sizeof *z);
    struct heights h = {0.0, 1.0};
    size_t n = 0;

    for (size_t i = 0; i < c->nx * c->ny; i++)
        if (isfinite(c->z[i]))
            z[n++] = c->z[i];
    qsort(z, n, sizeof *z, by_size);
    if (n > 0) {
        const double median = z[n / 2], most = z[n - 1], ninth = z[n - 1 - n / 10];

        h.low = z[0];
        h.high = most - h.low > 4.0 * (median - h.low) ? ninth : most;
        if (!(h.high > h.low))
            h.high = h.low + (h.low == 0.0 ? 1.0 : 0.1 * fabs(h.low));
    }
    free(z);
    return h;
}

/* 0 .. LEVELS - 1; what is not finite is the highest. */
static int level_of(const struct heights *h, double z)
{
    const double share = (z - h->low) / (h->high - h->low);

    if (!isfinite(share))
        return LEVELS - 1;
    return (int)fmin(LEVELS - 1, fmax(0.0, floor(share * LEVELS)));
}

/* Between the four points around (i, j), which count points and need not be whole. Where one of
 * them is not finite, nothing is. */
static double between(const struct contour *c, double i, double j)
{
    const size_t i0 = (size_t)fmin(floor(i), (double)(c->nx - 2)),
                 j0 = (size_t)fmin(floor(j), (double)(c->ny - 2));
    const double u = i - (double)i0, v = j - (double)j0;
    const double *z = c->z + j0 * c->nx + i0;

    return (1 - v) * ((1 - u) * z[0] + u * z[1]) + v * ((1 - u) * z[c->nx] + u * z[c->nx + 1]);
}

/* Cells, more than there are points, so that bands of colour have no stairs. Neighbours of one
 * colour are one rectangle. */
static void write_cells(struct strbuf *out, const struct svg_axes *a, const struct contour *c,
                        const struct heights *h)
{
    enum { CELLS = 96 };
    const double width = (a->right - a->left) / CELLS, height = (a->bottom - a->top) / CELLS;

    for (int row = 0; row < CELLS; row++) {
        const double j = (row + 0.5) / CELLS * (double)(c->ny - 1);

        for (int from = 0, to; from < CELLS; from = to) {
            const int level = level_of(h, between(c, (from + 0.5) / CELLS * (double)(c->nx - 1), j));

            for (to = from + 1; to < CELLS; to++)
                if (level_of(h, between(c, (to + 0.5) / CELLS * (double)(c->nx - 1), j)) != level)
                    break;
            strbuf_addf(out, "<rect class=\"level%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                        level, a->left + from * width, a->bottom - (row + 1) * height,
                        (to - from) * width + 0.3, height + 0.3);
        }
        strbuf_add(out, "\n");
    }
}

/* The crossing of LEVEL between two points. */
static void cross(const struct svg_axes *a, const double p[3], const double q[3], double level, double *x,
                  double *y)
{
    const double t = (level - p[2]) / (q[2] - p[2]);

    *x = svg_x(a, p[0] + t * (q[0] - p[0]));
    *y = svg_y(a, p[1] + t * (q[1] - p[1]));
}

/* The line of LEVEL inside one triangle (marching triangles: no case is ambiguous). */
static void cut_triangle(struct strbuf *out, const struct svg_axes *a, const double corner[3][3],
                         double level)
{
    double x[2], y[2];
    int n = 0;

    for (int k = 0; k < 3 && n < 2; k++) {
        const double *p = corner[k], *q = corner[(k + 1) % 3];

        if ((p[2] < level) == (q[2] < level))
            continue;
        cross(a, p, q, level, &x[n], &y[n]);
        n++;
    }
    if (n == 2)
        strbuf_addf(out, "M%.1f %.1fL%.1f %.1f", x[0], y[0], x[1], y[1]);
}

static void write_line(struct strbuf *out, const struct svg_axes *a, const struct contour *c, double level)
{
    strbuf_add(out, "<path class=\"isoline\" d=\"M0 0");
    for (size_t j = 0; j + 1 < c->ny; j++)
        for (size_t i = 0; i + 1 < c->nx; i++) {
            double p[2][2][3];
            bool finite = true;

            for (size_t v = 0; v < 2; v++)
                for (size_t u = 0; u < 2; u++) {
                    const double z = c->z[(j + v) * c->nx + i + u];

                    finite = finite && isfinite(z);
                    p[v][u][0] = c->x[i + u];
                    p[v][u][1] = c->y[j + v];
                    p[v][u][2] = z;
                }
            if (!finite)
                continue;
            for (size_t half = 0; half < 2; half++) {
                const double *const side = half ? p[1][0] : p[0][1];
                double corner[3][3];

                for (size_t k = 0; k < 3; k++) {
                    corner[0][k] = p[0][0][k];
                    corner[1][k] = side[k];
                    corner[2][k] = p[1][1][k];
                }
                cut_triangle(out, a, (const double(*)[3])corner, level);
            }
        }
    strbuf_add(out, "\"/>\n");
}

/* Which colour is which height. */
static void write_key(struct strbuf *out, const struct svg_axes *a, const struct heights *h)
{
    const double x = a->right + 18, height = (a->bottom - a->top) / LEVELS;

    for (int k = 0; k < LEVELS; k++)
        strbuf_addf(out, "<rect class=\"level%d\" x=\"%.1f\" y=\"%.1f\" width=\"16\" height=\"%.1f\"/>", k, x,
                    a->bottom - (k + 1) * height, height + 0.3);
    svg_text(out, x + 22, a->bottom, "start", "soft", NT(h->low));
    svg_text(out, x + 22, a->top + 10, "start", "soft", NT(h->high));
    strbuf_add(out, "\n");
}

void svg_contour(const struct contour *c, struct strbuf *out)
{
    const struct heights h = find_heights(c);
    const struct svg_axes a = {.left = 76,
                               .right = WIDTH - 104,
                               .top = 14,
                               .bottom = HEIGHT - 46,
                               .x_low = c->x[0],
                               .x_high = c->x[c->nx - 1],
                               .y_low = c->y[0],
                               .y_high = c->y[c->ny - 1]};

    svg_open(out, "chart", WIDTH, HEIGHT, c->title);
    svg_write_axes(out, &a, c->x_label, c->y_label);
    write_cells(out, &a, c, &h);
    for (int k = 1; k < LEVELS; k++)
        write_line(out, &a, c, h.low + (h.high - h.low) * k / LEVELS);
    write_key(out, &a, &h);
    svg_points(out, &a, c->point, c->npoints);
    svg_close(out);
}
