/* line_search.h - along a direction to where the strong Wolfe conditions hold, one evaluation at a time.
 *
 * From t = 0 with the loss f and its slope along the direction, a length t is wanted with
 *     f(t) <= f + c1 t slope   and   |slope(t)| <= c2 |slope|,
 * by bracketing it and by cubic interpolation within the bracket (J. Nocedal and S. Wright, "Numerical
 * optimization", 2006, algorithms 3.5 and 3.6). The steps, constants and safeguards are those of PyTorch's
 * strong_wolfe, so that the trajectory is the same. Whoever calls evaluates; what is known lies in doubles
 * that are kept in between.
 */
#ifndef OPTIMIZER_LINE_SEARCH_H
#define OPTIMIZER_LINE_SEARCH_H

#include "fell/plugin.h"

enum { SEARCH_MOST = 25 }; /* evaluations behind the first */

struct search_point {
    double t, f, slope;
};

/* Doubles alone: it is copied to and from fell_optimizer_call.kept. */
struct search {
    double f, slope, largest;   /* where it begins; the direction's largest number */
    double t;                   /* that is evaluated next; at the end the length */
    double zooms, tries;        /* 1: there is a bracket; evaluations behind the first */
    struct search_point last;   /* the one before, while there is no bracket */
    struct search_point end[2]; /* of the bracket */
    double low, slow;           /* which end is lower; 1: the last interpolation came near an end */
};

_Static_assert(sizeof(struct search) <= FELL_KEPT * sizeof(double), "a search fits what is kept");

static inline double search_least(double a, double b)
{
    return b < a ? b : a;
}

static inline double search_most(double a, double b)
{
    return b > a ? b : a;
}

/* The lowest point of the cubic through A and B with their slopes, between LEAST and MOST. */
static inline double search_cubic(const struct search_point *a, const struct search_point *b, double least,
                                  double most)
{
    const double d1 = a->slope + b->slope - 3.0 * (a->f - b->f) / (a->t - b->t);
    const double square = d1 * d1 - a->slope * b->slope;
    double d2, at;

    if (!(square >= 0.0))
        return 0.5 * (least + most);
    d2 = sqrt(square);
    if (a->t <= b->t)
        at = b->t - (b->t - a->t) * ((b->slope + d2 - d1) / (b->slope - a->slope + 2.0 * d2));
    else
        at = a->t - (a->t - b->t) * ((a->slope + d2 - d1) / (a->slope - b->slope + 2.0 * d2));
    return search_least(search_most(at, least), most);
}

static inline void search_begin(struct search *s)
{
    s->last = (struct search_point){0.0, s->f, s->slope};
}

/* No more is evaluated: the length is that of the lower end. */
static inline bool search_end(struct search *s)
{
    s->t = s->end[(int)s->low].t;
    return false;
}

static inline void search_find_low(struct search *s)
{
    s->low = s->end[0].f <= s->end[1].f ? 0.0 : 1.0;
}

/* The next length within the bracket. False: there is none. */
static inline bool search_within(struct search *s, double tolerance)
{
    const struct search_point *e = s->end;
    const double least = search_least(e[0].t, e[1].t), most = search_most(e[0].t, e[1].t);
    const double margin = 0.1 * (most - least);
    double t;

    if (s->tries >= SEARCH_MOST || (most - least) * s->largest < tolerance)
        return search_end(s);
    t = search_cubic(&e[0], &e[1], least, most);
    if (search_least(most - t, t - least) < margin) {
        if (s->slow != 0.0 || t >= most || t <= least) {
            t = fabs(t - most) < fabs(t - least) ? most - margin : least + margin;
            s->slow = 0.0;
        } else {
            s->slow = 1.0;
        }
    } else {
        s->slow = 0.0;
    }
    s->t = t;
    s->tries += 1.0;
    return true;
}

static inline bool search_too_high(const struct search *s, double f)
{
    return f > s->f + 1e-4 * s->t * s->slope;
}

static inline bool search_flat(const struct search *s, double slope)
{
    return fabs(slope) <= -0.9 * s->slope;
}

/* A point while there is no bracket yet. */
static inline bool search_outwards(struct search *s, const struct search_point *now, double tolerance)
{
    const struct search_point before = s->last;

    if (s->tries >= SEARCH_MOST) {
        s->end[0] = (struct search_point){0.0, s->f, s->slope};
        s->end[1] = *now;
        search_find_low(s);
        return search_end(s);
    }
    if (!search_too_high(s, now->f) && !(s->tries > 1.0 && now->f >= before.f)) {
        if (search_flat(s, now->slope))
            return false;
        if (!(now->slope >= 0.0)) {
            s->last = *now;
            s->t = search_cubic(&before, now, now->t + 0.01 * (now->t - before.t), 10.0 * now->t);
            s->tries += 1.0;
            return true;
        }
    }
    s->zooms = 1.0;
    s->end[0] = before;
    s->end[1] = *now;
    search_find_low(s);
    return search_within(s, tolerance);
}

/* A point within the bracket. */
static inline bool search_inwards(struct search *s, const struct search_point *now, double tolerance)
{
    struct search_point *low = &s->end[(int)s->low], *high = &s->end[1 - (int)s->low];

    if (search_too_high(s, now->f) || now->f >= low->f) {
        *high = *now;
        search_find_low(s);
    } else if (search_flat(s, now->slope)) {
        return false;
    } else {
        if (now->slope * (high->t - low->t) >= 0.0)
            *high = *low;
        *low = *now;
    }
    return search_within(s, tolerance);
}

/* At s->t there are the loss F and SLOPE: whether another length, then s->t, is to be evaluated. Brackets
 * that would move no weight by TOLERANCE end it. */
static inline bool search_goes_on(struct search *s, double f, double slope, double tolerance)
{
    const struct search_point now = {s->t, f, slope};

    return s->zooms != 0.0 ? search_inwards(s, &now, tolerance) : search_outwards(s, &now, tolerance);
}

#endif
