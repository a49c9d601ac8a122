/* tpe.c - see tpe.h.
 *
 * The results are split into the good ones, the best `gamma` of them but at most GOOD_MOST (as
 * later versions of Bergstra's Hyperopt do), and the rest. Each side of n results becomes a
 * density on the unit cube:
 *
 *     p(u) = 1/(n+1) (prior(u) + sum over results i of prod over dimensions d of k_d(u_d; u_id))
 *
 * Of `candidates` points drawn from l, the density of the good ones, the one with the largest l/g
 * is suggested, g being the density of the rest: expected improvement grows with it (Bergstra
 * et al. 2011, section 4.1). The prior, uniform for numbers and the weights for categories, is in
 * both sums, so that l/g is 1 far from all results and no place is given up.
 *
 *  - A number has a Gaussian kernel, cut off at 0 and 1 and scaled to an integral of 1. Its
 *    width follows Scott's rule in D dimensions, WIDTH_FACTOR sd n^(-1/(D+4)). sd is the
 *    spread of the side's results with that of WIDTH_PRIOR uniform ones mixed in: few results that
 *    happen to lie close, or an equal value in all, would make a needle otherwise. The
 *    constants did well on the functions of tests/unit/test_tpe.c and some others.
 *  - A category has the kernel of Aitchison and Aitken (1976), with the prior's weights for the
 *    other choices: k(c; c_i) = (1 - lambda) [c = c_i] + lambda prior(c), lambda = C / (n + C)
 *    for C choices.
 *  - A dimension that a result did not use says nothing: its kernel is the prior. A candidate has
 *    all dimensions, whether or not its own choices will use them. Where they do not, the results
 *    with the same choices have the prior there too, and the dimension drops out of l/g.
 *  - A failed result is one of the rest. So is a pending one, which keeps trials that run at the
 *    same time apart (the "constant liar" of Ginsbourger, Le Riche and Carraro 2010).
 *
 * A suggestion must be the same bits everywhere: sums go in a fixed order, sqrt is exact, and exp, log
 * and erf are those of fell/math.h in float, fine enough to compare candidates. Time grows as
 * candidates * n * D.
 */
#include "sweep/tpe.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fell/math.h"
#include "sweep/draw.h"

enum {
    GOOD_MOST = 25,
    PLAIN_ATTEMPTS = 8, /* those after them are uniform */
};

#define WIDTH_FACTOR 0.8
#define WIDTH_PRIOR  3.0

/* x^y for x > 0 */
static double power(double x, double y)
{
    return (double)fell_exp((float)(y * (double)fell_log((float)x)));
}

static double log_of(double x)
{
    return (double)fell_log((float)x);
}

/* ---- one side ------------------------------------------------------------------ */

/* Kernels of one dimension. For numbers: log k(u) = norm[i] - steep[i] (u - at[i])^2. For categories:
 * log k = other[c], or same[c] where c is choice[i]. Where a result did not use the dimension,
 * steep and norm are 0, or choice is SIZE_MAX and the kernel is prior[c]. */
struct kernels {
    double width;
    double *at, *steep; /* [n] */
    size_t *choice;     /* [n] */
    double *same, *other, *prior, lambda;
};

struct side {
    size_t n, ndims;
    const struct sweep_dim *dims;
    struct kernels *of; /* [ndims] */
    double *norm;       /* [n]: sum over the numeric dimensions */
    double *log_k;      /* [n] scratch of density() */
};

/* The integral over [0,1] of a Gaussian at M of width W. */
static double inside(double m, double w)
{
    const double root_half = 0.70710678118654752;

    return 0.5 * ((double)fell_erf((float)((1 - m) / w * root_half)) +
                  (double)fell_erf((float)(m / w * root_half)));
}

/* The variance of a uniform number is 1/12. */
static double width_of(const struct sweep_result *const *r, size_t n, size_t d, size_t ndims)
{
    double mean = 0, square = 0;
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        if (!isnan(r[i]->u[d])) {
            mean += r[i]->u[d];
            used++;
        }
    if (!used)
        return 1;
    mean /= (double)used;
    for (size_t i = 0; i < n; i++)
        if (!isnan(r[i]->u[d]))
            square += (r[i]->u[d] - mean) * (r[i]->u[d] - mean);
    return WIDTH_FACTOR * sqrt((square + WIDTH_PRIOR / 12) / ((double)used + WIDTH_PRIOR)) *
           power((double)used, -1 / ((double)ndims + 4));
}

static void number_kernels(struct side *s, size_t d, const struct sweep_result *const *r)
{
    const double log_root_two_pi = 0.91893853320467274;
    struct kernels *k = &s->of[d];
    double w = width_of(r, s->n, d, s->ndims);

    k->width = w;
    k->at = mem_array(s->n + 1, sizeof *k->at);
    k->steep = mem_array(s->n + 1, sizeof *k->steep);
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(r[i]->u[d]))
            continue;
        k->at[i] = r[i]->u[d];
        k->steep[i] = 0.5 / (w * w);
        s->norm[i] -= log_root_two_pi + log_of(w) + log_of(inside(k->at[i], w));
    }
}

static void category_kernels(struct side *s, size_t d, const struct sweep_result *const *r)
{
    const struct sweep_dim *dim = &s->dims[d];
    struct kernels *k = &s->of[d];
    size_t used = 0;

    k->choice = mem_array(s->n + 1, sizeof *k->choice);
    for (size_t i = 0; i < s->n; i++) {
        bool in_use = !isnan(r[i]->u[d]);

        k->choice[i] = in_use ? sweep_dim_choice(dim, r[i]->u[d]) : SIZE_MAX;
        used += in_use;
    }
    k->lambda = (double)dim->choices / (double)(used + dim->choices);
    k->same = mem_array(3 * dim->choices, sizeof *k->same);
    k->other = k->same + dim->choices;
    k->prior = k->other + dim->choices;
    for (size_t c = 0; c < dim->choices; c++) {
        double p = sweep_dim_weight(dim, c);

        k->same[c] = log_of(1 - k->lambda + k->lambda * p);
        k->other[c] = log_of(k->lambda * p);
        k->prior[c] = log_of(p);
    }
}

static void side_init(struct side *s, size_t ndims, const struct sweep_dim *dims, size_t n,
                      const struct sweep_result *const *r)
{
    *s = (struct side){.n = n, .ndims = ndims, .dims = dims};
    s->of = mem_array(ndims, sizeof *s->of);
    s->norm = mem_array(n + 1, sizeof *s->norm);
    s->log_k = mem_array(n + 1, sizeof *s->log_k);
    for (size_t d = 0; d < ndims; d++)
        if (dims[d].choices)
            category_kernels(s, d, r);
        else
            number_kernels(s, d, r);
}

static void side_release(struct side *s)
{
    for (size_t d = 0; d < s->ndims; d++) {
        free(s->of[d].at);
        free(s->of[d].steep);
        free(s->of[d].choice);
        free(s->of[d].same);
    }
    free(s->of);
    free(s->norm);
    free(s->log_k);
}

/* log p(u) + log(n+1); C [ndims] are the categories of U. */
static double density(struct side *s, const double *u, const size_t *c)
{
    double prior = 0, most, sum = 0, *log_k = s->log_k;

    for (size_t i = 0; i < s->n; i++)
        log_k[i] = s->norm[i];
    for (size_t d = 0; d < s->ndims; d++) {
        const struct kernels *k = &s->of[d];

        if (!s->dims[d].choices) {
            for (size_t i = 0; i < s->n; i++)
                log_k[i] -= k->steep[i] * (u[d] - k->at[i]) * (u[d] - k->at[i]);
            continue;
        }
        prior += k->prior[c[d]];
        for (size_t i = 0; i < s->n; i++)
            log_k[i] += k->choice[i] == c[d]       ? k->same[c[d]]
                        : k->choice[i] == SIZE_MAX ? k->prior[c[d]]
                                                   : k->other[c[d]];
    }
    log_k[s->n] = prior;
    most = prior;
    for (size_t i = 0; i < s->n; i++)
        most = log_k[i] > most ? log_k[i] : most;
    for (size_t i = 0; i <= s->n; i++)
        sum += (double)fell_exp((float)(log_k[i] - most));
    return most + log_of(sum);
}

/* A Gaussian at M of width W that falls into [0,1), which a third of them and more do; OTHERWISE
 * if there is none in many. */
static double draw_inside(struct rng_stream *s, double m, double w, double otherwise)
{
    s->position += s->position & 1; /* a normal number is made of a pair of words */
    for (int tries = 0; tries < 1000; tries++) {
        float z;
        double u;

        rng_normal(s, &z, 1);
        u = m + w * (double)z;
        if (u >= 0 && u < 1)
            return u;
    }
    return otherwise;
}

/* A draw from the kernel of result I, or from the prior where that is s->n. */
static void draw_point(const struct side *s, size_t i, struct rng_stream *stream, double *u, size_t *c)
{
    for (size_t d = 0; d < s->ndims; d++) {
        const struct kernels *k = &s->of[d];
        bool in_use = i < s->n && (s->dims[d].choices ? k->choice[i] != SIZE_MAX : k->steep[i] > 0);

        u[d] = draw_uniform(stream);
        if (s->dims[d].choices) {
            c[d] = sweep_dim_choice(&s->dims[d], u[d]);
            if (in_use && draw_uniform(stream) >= k->lambda)
                c[d] = k->choice[i];
            u[d] = sweep_dim_middle(&s->dims[d], c[d]);
        } else if (in_use) {
            u[d] = draw_inside(stream, k->at[i], k->width, u[d]);
        }
    }
}

/* ---- the suggestion ---------------------------------------------------------------- */

struct ranked {
    const struct sweep_result *r;
    size_t number;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->r->value != y->r->value)
        return x->r->value < y->r->value ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static bool counts(const struct sweep_result *r)
{
    return !r->pending && !isnan(r->value);
}

/* EARLIER [n] into OUT [n] from the best to the worst, equals and then the failed and pending ones
 * as they came. Returns how many are good. */
static size_t split(double gamma, size_t n, const struct sweep_result *earlier,
                    const struct sweep_result **out)
{
    struct ranked *ranked = mem_array(n + 1, sizeof *ranked);
    size_t known = 0, finished = 0, at, good;

    for (size_t i = 0; i < n; i++) {
        finished += !earlier[i].pending;
        if (counts(&earlier[i]))
            ranked[known++] = (struct ranked){&earlier[i], i};
    }
    qsort(ranked, known, sizeof *ranked, by_value);
    good = (size_t)ceil(gamma * (double)finished);
    good = good < GOOD_MOST ? good : GOOD_MOST;
    good = good < known ? good : known;
    for (at = 0; at < known; at++)
        out[at] = ranked[at].r;
    for (size_t i = 0; i < n; i++)
        if (!counts(&earlier[i]))
            out[at++] = &earlier[i];
    free(ranked);
    return good;
}

static void uniform_point(uint64_t seed, int64_t number, int64_t attempt, size_t ndims, double *u)
{
    struct rng_stream s = draw_stream(seed, DRAW_TPE, (size_t)attempt % DRAW_INSTANCES, (uint64_t)number);

    for (size_t d = 0; d < ndims; d++)
        u[d] = draw_uniform(&s);
}

void tpe_suggest(const void *settings, uint64_t seed, int64_t number, int64_t attempt, size_t ndims,
                 const struct sweep_dim *dims, size_t n, const struct sweep_result *earlier, double *u)
{
    const struct tpe_settings *t = settings;
    struct rng_stream stream =
        draw_stream(seed, DRAW_TPE, (size_t)attempt % DRAW_INSTANCES, (uint64_t)number);
    const struct sweep_result **order;
    struct side good, rest;
    double *point, best = -INFINITY;
    size_t *choice, finished = 0, ngood;
    struct error err;

    for (size_t i = 0; i < n; i++)
        finished += !earlier[i].pending;
    if ((int64_t)finished < t->all.startup || attempt >= PLAIN_ATTEMPTS) {
        if (attempt > 0 || sampler_point(SAMPLER_SOBOL, seed, t->all.trials, number, ndims, u, &err) != OK)
            uniform_point(seed, number, attempt, ndims, u);
        return;
    }
    order = mem_array(n + 1, sizeof *order);
    point = mem_array(ndims + 1, sizeof *point);
    choice = mem_array(ndims + 1, sizeof *choice);
    ngood = split(t->gamma, n, earlier, order);
    side_init(&good, ndims, dims, ngood, order);
    side_init(&rest, ndims, dims, n - ngood, order + ngood);
    for (int64_t i = 0; i < t->candidates || i == 0; i++) {
        double score;

        draw_point(&good, (size_t)rng_below(&stream, ngood + 1), &stream, point, choice);
        score = density(&good, point, choice) - density(&rest, point, choice);
        if (score > best) {
            best = score;
            for (size_t d = 0; d < ndims; d++)
                u[d] = point[d];
        }
    }
    side_release(&good);
    side_release(&rest);
    free(order);
    free(point);
    free(choice);
}
