/* story_chart.c - charts of curves for a story. See story.h. */
#include "explain/story.h"

#include <math.h>
#include <string.h>

struct chart *story_chart(struct story *s, const char *title, const char *x_label, const char *y_label,
                          size_t n, const double *x)
{
    struct chart *c = arena_alloc(s->p->arena, sizeof *c);

    *c = (struct chart){.title = title, .x_label = x_label, .y_label = y_label};
    c->x_low = x[0];
    c->x_high = x[n - 1];
    return c;
}

struct series *story_line(struct story *s, struct chart *c, const char *name, bool grid, size_t n,
                          const double *x, const double *y)
{
    struct series *grown = arena_alloc(s->p->arena, (c->nseries + 1) * sizeof *grown), *to;

    if (c->nseries)
        memcpy(grown, c->series, c->nseries * sizeof *grown);
    c->series = grown;
    to = &grown[c->nseries++];
    *to = (struct series){.kind = grid ? SERIES_LINE : SERIES_SEGMENT, .name = name, .grid = grid, .n = n};
    to->x = arena_alloc(s->p->arena, n * sizeof *to->x);
    to->y = arena_alloc(s->p->arena, n * sizeof *to->y);
    memcpy(to->x, x, n * sizeof *x);
    memcpy(to->y, y, n * sizeof *y);
    return to;
}

void story_mark(struct story *s, struct chart *c, const char *label, double x, double y)
{
    struct point *grown = arena_alloc(s->p->arena, (c->npoints + 1) * sizeof *grown);

    if (c->npoints)
        memcpy(grown, c->point, c->npoints * sizeof *grown);
    grown[c->npoints++] = (struct point){label, x, y};
    c->point = grown;
}

/* What leaves the axes is cut at their ends, so that Mermaid draws nothing outside. */
void story_place(struct story *s, struct chart *c, double low, double high)
{
    double air = 0.05 * (high - low);

    if (!(air > 0.0))
        air = fmax(0.05 * fabs(high), 1e-6);
    c->y_low = low >= 0.0 ? fmax(low - air, 0.0) : low - air; /* no loss below 0 */
    c->y_high = high + air;
    for (size_t i = 0; i < c->nseries; i++)
        for (size_t k = 0; c->series[i].grid && k < c->series[i].n; k++)
            c->series[i].y[k] =
                isfinite(c->series[i].y[k]) ? fmin(fmax(c->series[i].y[k], c->y_low), c->y_high) : c->y_high;
    page_add(s->p, BLOCK_CHART, c);
}
