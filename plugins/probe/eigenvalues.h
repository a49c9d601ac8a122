/* eigenvalues.h - eigenvalues of a symmetric matrix of some hundreds, in double: Householder's tridiagonal
 * form, compiled for each SIMD level with the same bits, then QL without
 * square roots. Private to the bundled probes.
 */
#ifndef PLUGINS_PROBE_EIGENVALUES_H
#define PLUGINS_PROBE_EIGENVALUES_H

#include "linear.h"

/* p = scale A u for a symmetric A [m,m] whose rows are N apart; only what is right of the diagonal is read.
 */
FELL_INLINE void linear_symmetric(const double *a, int64_t n, int64_t m, double scale, const double *u,
                                  double *p)
{
    for (int64_t i = 0; i < m; i++)
        p[i] = 0.0;
    for (int64_t i = 0; i < m; i++) {
        const double *row = a + i * n;
        const double ui = u[i];

        p[i] += row[i] * ui + linear_dot(row + i + 1, u + i + 1, m - i - 1);
        for (int64_t j = i + 1; j < m; j++)
            p[j] += row[j] * ui;
    }
    for (int64_t i = 0; i < m; i++)
        p[i] *= scale;
}

/* A symmetric matrix a[n,n] to tridiagonal form by Householder reflections (Golub and Van Loan, Matrix
 * Computations, 8.3.1): diagonal d[n], off-diagonal e[n], e[0] = 0. A is used up; v[2n] is working memory. */
struct linear_tridiagonal {
    fell_ctx *ctx;
    double *a, *d, *e, *v;
    int64_t n;
};

FELL_KERNEL(linear_tridiagonal, struct linear_tridiagonal)
{
    double *a = c->a, *d = c->d, *e = c->e, *v = c->v, *p = c->v + c->n;
    const int64_t n = c->n;

    for (int64_t k = 0; k < n; k++) {
        double *row = a + k * n, *u = v;
        double scale = 0.0, alpha, beta, half;
        const int64_t m = n - k - 1;

        d[k] = row[k];
        if (k + 1 == n)
            break;
        for (int64_t j = 0; j < m; j++)
            u[j] = row[k + 1 + j];
        scale = sqrt(linear_dot(u, u, m));
        alpha = u[0] > 0.0 ? -scale : scale;
        e[k + 1] = alpha;
        if (m == 1 || !(scale > 0.0)) {
            e[k + 1] = u[0];
            continue;
        }
        u[0] -= alpha;
        beta = linear_dot(u, u, m);
        if (!(beta > 0.0))
            continue;
        linear_symmetric(a + (k + 1) * (n + 1), n, m, 2.0 / beta, u, p);
        half = linear_dot(p, u, m) / beta;
        for (int64_t i = 0; i < m; i++)
            p[i] -= half * u[i];
        for (int64_t i = 0; i < m; i++) {
            double *r = a + (k + 1 + i) * n + k + 1;
            const double ui = u[i], pi = p[i];

            for (int64_t j = i; j < m; j++) /* what is below the diagonal is not looked at */
                r[j] -= ui * p[j] + pi * u[j];
        }
    }
    e[0] = 0.0;
    return FELL_OK;
}

/* One sweep of the root-free QL method over rows L to M of a tridiagonal matrix: diagonal d, squares of the
 * off-diagonal e, e[i] beside d[i] and d[i + 1]. */
static inline void linear_sweep(double *d, double *e, int64_t l, int64_t m)
{
    const double root = sqrt(e[l]), half = (d[l + 1] - d[l]) / (2.0 * root);
    const double shift = d[l] - root / (half + (half >= 0.0 ? 1.0 : -1.0) * sqrt(half * half + 1.0));
    double c = 1.0, s = 0.0, g = d[m] - shift, p = g * g;

    for (int64_t i = m - 1; i >= l; i--) {
        const double square = e[i], r = p + square, last = g, was = c;

        if (i != m - 1)
            e[i + 1] = s * r;
        c = r > 0.0 ? p / r : 1.0;
        s = r > 0.0 ? square / r : 0.0;
        g = c * (d[i] - shift) - s * last;
        d[i + 1] = last + (d[i] - g);
        p = fabs(c) > 0.0 ? g * g / c : was * square;
    }
    e[l] = s * p;
    d[l] = shift + g;
}

/* Eigenvalues of the tridiagonal matrix d[n], e[n] (e[0] unused) in place of d, unordered: the method of Pal,
 * Walker and Kahan, QL without square roots (B. Parlett, The Symmetric Eigenvalue Problem, 8.15). What is
 * nothing beside the whole matrix is taken for 0, so that one of a low rank, where the rest is rounding,
 * comes to an end. False: no convergence. */
static inline bool linear_values(double *d, double *e, int64_t n)
{
    enum { TURNS = 60 };
    double most = 0.0;

    for (int64_t i = 0; i + 1 < n; i++) {
        most = fmax(most, fmax(fabs(d[i]), fabs(e[i + 1])));
        e[i] = e[i + 1] * e[i + 1];
    }
    most *= 1e-16;
    for (int64_t l = 0; l < n; l++)
        for (int turn = 0;; turn++) {
            int64_t m = l;

            while (m + 1 < n && e[m] > most * most && e[m] > 1e-32 * fabs(d[m] * d[m + 1]))
                m++;
            if (m + 1 < n)
                e[m] = 0.0;
            if (m == l)
                break;
            if (turn == TURNS)
                return false;
            linear_sweep(d, e, l, m);
        }
    return true;
}

/* Eigenvalues of the symmetric a[n,n], which is used up, in d[n], from large to small. WORK: [3n]. False: no
 * convergence. */
static inline bool linear_eigenvalues(fell_ctx *ctx, double *a, int64_t n, double *d, double *work)
{
    struct linear_tridiagonal c = {ctx, a, d, work, work + n, n};

    if (linear_tridiagonal(&c) != FELL_OK || !linear_values(d, work, n))
        return false;
    for (int64_t i = 1; i < n; i++) /* insertion: QL leaves them nearly in order */
        for (int64_t j = i; j > 0 && d[j] > d[j - 1]; j--) {
            const double t = d[j];

            d[j] = d[j - 1];
            d[j - 1] = t;
        }
    return true;
}

#endif
