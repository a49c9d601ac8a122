/* test_importance.c - shares of variance of sweep/importance.h: on tables whose analysis of
 * variance is a sum over cells, on functions whose shares are known, and on data that say nothing.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "sweep/importance.h"
#include "sweep/sampler.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { ROWS_MOST = 4000, DIMS_MOST = 8 };

static const size_t numbers[DIMS_MOST];

/* The rows of a test and what came out. */
struct table {
    size_t n, ndims;
    const size_t *choices;
    double x[ROWS_MOST * DIMS_MOST], y[ROWS_MOST];
    double share[DIMS_MOST], pair[DIMS_MOST * DIMS_MOST];
    struct importance out;
};

static void compute(struct table *t, struct importance_settings s)
{
    const struct importance_data data = {t->n, t->ndims, t->x, t->choices, t->y};
    struct error err;

    t->out = (struct importance){.share = t->share};
    cr_assert_eq(importance_compute(&s, &data, &t->out, &err), OK, "%s", err.text);
    memset(t->pair, 0, sizeof t->pair);
    for (size_t i = 0; i < t->out.npairs; i++) {
        const struct importance_pair *p = &t->out.pair[i];

        cr_assert(p->j < p->k && p->k < t->ndims);
        cr_assert(i == 0 || p[-1].j < p->j || (p[-1].j == p->j && p[-1].k < p->k));
        t->pair[p->j * t->ndims + p->k] = t->pair[p->k * t->ndims + p->j] = p->share;
    }
    free(t->out.pair);
}

/* N rows of F at points of a Sobol' sequence. */
static void sample(struct table *t, size_t n, size_t ndims, double (*f)(const double *u))
{
    struct error err;

    t->n = n;
    t->ndims = ndims;
    t->choices = numbers;
    for (size_t i = 0; i < n; i++) {
        double *u = t->x + i * ndims;

        cr_assert_eq(sampler_point(SAMPLER_SOBOL, 1, 0, (int64_t)i, ndims, u, &err), OK);
        t->y[i] = f(u);
    }
}

static void expect_near(double value, double expected, double by, const char *what)
{
    cr_expect(fabs(value - expected) <= by, "%s: %.4f, not %.4f within %g", what, value, expected, by);
}

/* ---- tables -------------------------------------------------------------------------- */

enum { A = 4, B = 3, C = 5 };

/* Shares of a table of A x B x C cells by the definition: variances of means over the other
 * settings. SINGLE [3], PAIR [3]: AB, AC, BC. */
static void shares_of(double cell[A][B][C], double *single, double *pair)
{
    double mean = 0, all = 0, a[A] = {0}, b[B] = {0}, c[C] = {0};
    double ab[A][B] = {{0}}, ac[A][C] = {{0}}, bc[B][C] = {{0}};

    for (size_t i = 0; i < A; i++)
        for (size_t j = 0; j < B; j++)
            for (size_t k = 0; k < C; k++) {
                double y = cell[i][j][k];

                mean += y / (A * B * C);
                a[i] += y / (B * C);
                b[j] += y / (A * C);
                c[k] += y / (A * B);
                ab[i][j] += y / C;
                ac[i][k] += y / B;
                bc[j][k] += y / A;
            }
    for (size_t i = 0; i < A; i++)
        for (size_t j = 0; j < B; j++)
            for (size_t k = 0; k < C; k++) {
                double y = cell[i][j][k] - mean, pa = a[i] - mean, pb = b[j] - mean, pc = c[k] - mean;

                all += y * y;
                single[0] += pa * pa;
                single[1] += pb * pb;
                single[2] += pc * pc;
                pair[0] += pow(ab[i][j] - mean - pa - pb, 2);
                pair[1] += pow(ac[i][k] - mean - pa - pc, 2);
                pair[2] += pow(bc[j][k] - mean - pb - pc, 2);
            }
    for (size_t d = 0; d < 3; d++) {
        single[d] /= all;
        pair[d] /= all;
    }
}

/* Enough rows of each cell that every tree has them all: the trees are the table, and the shares are
 * those of the table. The first and the last setting are numbers, with gaps between the values. */
Test(importance, tables)
{
    enum { COPIES = 50 };
    static const size_t choices[] = {0, B, 0};
    static struct table t;

    for (uint64_t seed = 0; seed < 3; seed++) {
        struct rng_stream s = rng_stream(seed, RNG_DATA, 0, 0);
        double cell[A][B][C], single[3] = {0}, pair[3] = {0};

        t.n = 0;
        t.ndims = 3;
        t.choices = choices;
        for (size_t i = 0; i < A; i++)
            for (size_t j = 0; j < B; j++)
                for (size_t k = 0; k < C; k++) {
                    float draw;

                    rng_normal(&s, &draw, 1);
                    s.position += s.position & 1;
                    cell[i][j][k] = 5 + (double)draw + (double)i - 0.5 * (double)(j * k);
                    for (int copy = 0; copy < COPIES; copy++, t.n++) {
                        t.x[3 * t.n] = pow(10, (double)i);
                        t.x[3 * t.n + 1] = (double)j;
                        t.x[3 * t.n + 2] = -(double)(k * k);
                        t.y[t.n] = cell[i][j][k];
                    }
                }
        shares_of(cell, single, pair);
        compute(&t, (struct importance_settings){.leaf = 1});
        cr_expect_eq(t.out.nused, A * B * C * COPIES);
        expect_near(t.out.fit, 1, 1e-9, "fit");
        for (size_t d = 0; d < 3; d++) {
            expect_near(t.share[d], single[d], 1e-9, "alone");
            cr_expect_eq(t.pair[4 * d], 0);
        }
        expect_near(t.pair[1], pair[0], 1e-9, "AB");
        expect_near(t.pair[2], pair[1], 1e-9, "AC");
        expect_near(t.pair[5], pair[2], 1e-9, "BC");
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < j; k++)
                cr_expect_eq(t.pair[3 * j + k], t.pair[3 * k + j]);
    }
}

/* ---- functions ------------------------------------------------------------------------- */

/* Ishigami and Homma (1990) with a = 7, b = 0.1. */
static double ishigami(const double *u)
{
    const double pi = 3.14159265358979323846;
    double x[3];

    for (size_t d = 0; d < 3; d++)
        x[d] = pi * (2 * u[d] - 1);
    return sin(x[0]) + 7 * sin(x[1]) * sin(x[1]) + 0.1 * pow(x[2], 4) * sin(x[0]);
}

/* The exact shares (for instance Saltelli et al., "Global Sensitivity Analysis: The Primer", 2008) are
 * 0.3139, 0.4424, 0, and 0.2437 of the first and the last together. The two waves of the second setting
 * cost a tree many splits, so that some of its share goes to pairs with it: with more rows less. */
Test(importance, ishigami)
{
    static struct table t;

    sample(&t, 4000, 3, ishigami);
    compute(&t, (struct importance_settings){0});
    expect_near(t.share[0], 0.3139, 0.02, "x1");
    expect_near(t.share[1], 0.4424, 0.07, "x2");
    expect_near(t.share[2], 0, 0.01, "x3");
    expect_near(t.pair[2], 0.2437, 0.02, "x1 and x3");
    expect_near(t.pair[1], 0, 0.03, "x1 and x2");
    expect_near(t.pair[5], 0, 0.03, "x2 and x3");
    cr_expect_gt(t.out.fit, 0.94, "%g", t.out.fit);
}

static double additive(const double *u)
{
    return 3 * u[0] - 2 * u[1] + u[2];
}

/* Variances 9, 4, 1 and nothing in pairs; the fourth setting does nothing. */
Test(importance, additive)
{
    static struct table t;
    double pairs = 0;

    sample(&t, 1024, 4, additive);
    compute(&t, (struct importance_settings){0});
    expect_near(t.share[0], 9 / 14.0, 0.03, "first");
    expect_near(t.share[1], 4 / 14.0, 0.03, "second");
    expect_near(t.share[2], 1 / 14.0, 0.02, "third");
    cr_expect_lt(t.share[3], 0.003, "%g", t.share[3]);
    for (size_t k = 0; k < 16; k++)
        pairs += t.pair[k] / 2;
    cr_expect_lt(pairs, 0.02, "%g", pairs);
    cr_expect_gt(t.out.fit, 0.95, "%g", t.out.fit);
}

/* As many trials as people have. */
Test(importance, few_rows)
{
    static struct table t;

    sample(&t, 40, 4, additive);
    compute(&t, (struct importance_settings){0});
    cr_expect(t.share[0] > t.share[1] && t.share[1] > t.share[2] && t.share[1] > t.share[3], "%g %g %g %g",
              t.share[0], t.share[1], t.share[2], t.share[3]);
    cr_expect_gt(t.out.fit, 0.5, "%g", t.out.fit);
}

static double product(const double *u)
{
    return (u[0] - 0.5) * (u[1] - 0.5);
}

/* All of it is in the pair. */
Test(importance, interaction)
{
    static struct table t;

    sample(&t, 2048, 3, product);
    compute(&t, (struct importance_settings){0});
    cr_expect_gt(t.pair[1], 0.9, "%g", t.pair[1]);
    for (size_t d = 0; d < 3; d++)
        cr_expect_lt(t.share[d], 0.04, "%zu: %g", d, t.share[d]);
}

/* The number counts only where the first choice was taken, half of the time. With y = u there and
 * 0.5 elsewhere the choice alone does nothing, the number and the pair are half each. */
Test(importance, settings_not_in_use)
{
    static const size_t choices[] = {2, 0};
    static struct table t;

    sample(&t, 2000, 2, product);
    t.choices = choices;
    for (size_t i = 0; i < t.n; i++) {
        double *x = t.x + 2 * i;

        x[0] = (double)(x[0] < 0.5);
        t.y[i] = x[0] == 0 ? x[1] : 0.5;
        if (x[0] != 0)
            x[1] = NAN;
    }
    compute(&t, (struct importance_settings){0});
    expect_near(t.share[0], 0, 0.02, "choice");
    expect_near(t.share[1], 0.5, 0.05, "number");
    expect_near(t.pair[1], 0.5, 0.05, "both");
    cr_expect_gt(t.out.fit, 0.95, "%g", t.out.fit);
}

/* More categories than a word has bits; they make a difference, the number less. */
Test(importance, many_categories)
{
    enum { CHOICES = 100 };
    static const size_t choices[] = {CHOICES, 0};
    static struct table t;

    sample(&t, 4000, 2, product);
    t.choices = choices;
    for (size_t i = 0; i < t.n; i++) {
        double *x = t.x + 2 * i;

        x[0] = floor(x[0] * CHOICES);
        t.y[i] = ((int)x[0] % 2 ? 3 : 0) + x[1];
    }
    compute(&t, (struct importance_settings){.trees = 16});
    cr_expect(t.share[0] > 0.9 && t.share[0] < 1, "%g", t.share[0]);
    cr_expect(t.share[1] > 0.01 && t.share[1] < 0.1, "%g", t.share[1]);
}

/* ---- values that say nothing, or too much ---------------------------------------------------- */

Test(importance, noise)
{
    static struct table t;
    struct rng_stream s = rng_stream(5, RNG_DATA, 0, 0);

    sample(&t, 200, 3, product);
    for (size_t i = 0; i < t.n; i++) {
        float draw;

        rng_uniform(&s, &draw, 1);
        t.y[i] = (double)draw;
    }
    compute(&t, (struct importance_settings){0});
    cr_expect_lt(t.out.fit, 0.1, "%g", t.out.fit);
}

static double constant(const double *u)
{
    (void)u;
    return 0.1;
}

Test(importance, nothing_varies)
{
    static struct table t;

    sample(&t, 50, 3, constant);
    compute(&t, (struct importance_settings){0});
    for (size_t k = 0; k < 9; k++)
        cr_expect(t.pair[k] == 0 && t.share[k / 3] == 0);
    cr_expect(isnan(t.out.fit));

    /* one setting has one value, one is never in use: all is due to the third */
    sample(&t, 50, 3, additive);
    for (size_t i = 0; i < t.n; i++) {
        t.x[3 * i + 1] = 7;
        t.x[3 * i + 2] = NAN;
        t.y[i] = t.x[3 * i];
    }
    compute(&t, (struct importance_settings){0});
    expect_near(t.share[0], 1, 1e-12, "the one that varies");
    cr_expect(t.share[1] == 0 && t.share[2] == 0);
    for (size_t k = 0; k < 9; k++)
        cr_expect_eq(t.pair[k], 0);
}

/* Rows without a finite value count as if they were not there. */
Test(importance, failures_are_left_out)
{
    static struct table t, with;
    static const double bad[] = {NAN, INFINITY, -INFINITY};

    sample(&t, 100, 4, additive);
    compute(&t, (struct importance_settings){0});
    with = t;
    with.n = 0;
    for (size_t i = 0; i < 2 * t.n; i++, with.n++) {
        memcpy(with.x + 4 * i, t.x + 4 * (i / 2), 4 * sizeof *t.x);
        with.y[i] = i % 2 ? bad[i % 3] : t.y[i / 2];
    }
    compute(&with, (struct importance_settings){0});
    cr_expect_eq(with.out.nused, 100);
    cr_expect_eq(with.out.fit, t.out.fit);
    cr_expect_arr_eq(with.share, t.share, sizeof t.share);
    cr_expect_arr_eq(with.pair, t.pair, sizeof t.pair);
}

/* The scale of a setting has no say, nor that of the objective, up to where numbers end. */
Test(importance, scales)
{
    static struct table t, other;
    static const double scales[] = {0x1p-1000, -8, 0x1p1000};

    sample(&t, 300, 4, additive);
    compute(&t, (struct importance_settings){0});
    for (size_t k = 0; k < COUNT(scales); k++) {
        other = t;
        for (size_t i = 0; i < t.n; i++) {
            other.y[i] *= scales[k];
            for (size_t d = 0; d < 4; d++)
                other.x[4 * i + d] = pow(10, 30 * t.x[4 * i + d]);
        }
        compute(&other, (struct importance_settings){0});
        for (size_t d = 0; d < 4; d++)
            expect_near(other.share[d], t.share[d], 1e-12, "share");
    }
    for (size_t i = 0; i < t.n; i++)
        other.y[i] = i % 2 ? 1.7e308 : -1.7e308;
    compute(&other, (struct importance_settings){0});
    for (size_t d = 0; d < 4; d++)
        cr_expect(other.share[d] >= 0 && other.share[d] <= 1, "%g", other.share[d]);
}

/* ---- what a result depends on -------------------------------------------------------------- */

/* Shares are of one whole; the same data and seed give the same bits, as when this was written. */
Test(importance, pure)
{
    static const double expected[] = {0x1.52f91a6e98e36p-1, 0x1.849640bee02dbp-3, 0x1.5dad209adf7b6p-4,
                                      0x1.0a54879fb237ep-6};
    static struct table t, again;
    double sum = 0;

    sample(&t, 256, 3, additive);
    for (size_t i = 0; i < t.n; i++)
        t.y[i] += t.x[3 * i] * t.x[3 * i + 2];
    again = t;
    compute(&t, (struct importance_settings){.seed = 4});
    compute(&again, (struct importance_settings){.seed = 4});
    cr_expect_arr_eq(t.share, again.share, sizeof t.share);
    cr_expect_arr_eq(t.pair, again.pair, sizeof t.pair);
    cr_expect_eq(t.out.fit, again.out.fit);
    for (size_t d = 0; d < 3; d++)
        cr_expect_eq(t.share[d], expected[d], "setting %zu: %a", d, t.share[d]);
    cr_expect_eq(t.pair[2], expected[3], "pair: %a", t.pair[2]);
    for (size_t d = 0; d < 3; d++)
        sum += t.share[d] + t.pair[3 * d + (d + 1) % 3];
    cr_expect(sum > 0.95 && sum <= 1 + 1e-12, "%g", sum);
    compute(&again, (struct importance_settings){.seed = 5});
    cr_expect_neq(t.share[0], again.share[0]);
}

/* Thousands of settings: what is reckoned and kept of pairs is what the trees have of them. */
Test(importance, many_settings, .timeout = 60)
{
    enum { ROWS = 24, SETTINGS = 5000 };
    struct rng_stream s = rng_stream(7, RNG_DATA, 0, 0);
    size_t *choices = mem_array(SETTINGS, sizeof *choices);
    double *x = mem_array(ROWS * SETTINGS, sizeof *x), *share = mem_array(SETTINGS, sizeof *share), y[ROWS];
    const struct importance_data data = {ROWS, SETTINGS, x, choices, y};
    struct importance out = {.share = share};
    struct error err;
    double all = 0;

    for (size_t i = 0; i < ROWS * SETTINGS; i++) {
        float draw;

        rng_uniform(&s, &draw, 1);
        s.position += s.position & 1;
        x[i] = (double)(draw < 0.5f);
    }
    for (size_t d = 0; d < SETTINGS; d++)
        choices[d] = 2;
    for (size_t i = 0; i < ROWS; i++)
        y[i] = x[i * SETTINGS + 7] * 2 + x[i * SETTINGS + 4000] * x[i * SETTINGS + 7];
    cr_assert_eq(importance_compute(&(struct importance_settings){0}, &data, &out, &err), OK, "%s", err.text);
    cr_expect_lt(out.npairs, 64 * ROWS * ROWS);
    cr_expect_gt(share[7], 0.5, "%g", share[7]);
    for (size_t d = 0; d < SETTINGS; d++)
        all += share[d];
    for (size_t i = 0; i < out.npairs; i++)
        all += out.pair[i].share;
    cr_expect(all > 0.9 && all <= 1 + 1e-9, "%g", all);
    free(out.pair);
    free(share);
    free(x);
    free(choices);
}

Test(importance, errors)
{
    static const struct {
        size_t n, ndims;
        double category, y;
        const char *error;
    } cases[] = {
        {2, 0, 0, 1, "no setting is swept"},
        {0, 2, 0, 1, "0 of 0 trials have a value; two at least are needed"},
        {2, 2, 0, NAN, "1 of 2 trials have a value; two at least are needed"},
        {2, 2, 3, 1, "row 1, setting 0: 3 is no category below 3"},
        {2, 2, -1, 1, "row 1, setting 0: -1 is no category below 3"},
        {2, 2, INFINITY, 1, "row 1, setting 0: inf is no category below 3"},
    };
    static const size_t choices[] = {3, 0};

    for (size_t i = 0; i < COUNT(cases); i++) {
        const double x[] = {0, 0.5, cases[i].category, 0.7}, y[] = {0, cases[i].y};
        const struct importance_settings s = {0};
        const struct importance_data data = {cases[i].n, cases[i].ndims, x, choices, y};
        double share[2];
        struct importance out = {.share = share};
        struct error err = {0};

        cr_expect_eq(importance_compute(&s, &data, &out, &err), FAILED, "case %zu", i);
        cr_expect_str_eq(err.text, cases[i].error);
    }
}
