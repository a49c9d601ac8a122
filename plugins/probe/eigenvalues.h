/* eigenvalues.h - eigenvalues of a symmetric matrix of some hundreds, in double: Householder's tridiagonal
 * form, compiled for each SIMD level with the same bits, then QL without square roots. Private to the bundled
 * probes.
 */
#ifndef PLUGINS_PROBE_EIGENVALUES_H
#define PLUGINS_PROBE_EIGENVALUES_H

#include "linear.h"

/* The reflection before, R[m] -= UI P + PI U, along one row of what is left of a matrix; of the row that
 * comes out its product with V, and NEXT += it times VI. One pass, since what is left is larger than the
 * nearest cache. */
FELL_INLINE double linear_row(double *restrict r, int64_t m, double ui, double pi, const double *u,
                              const double *p, const double *v, double vi, double *restrict next)
{
    double lane[8] = {0.0}, s = 0.0;
    int64_t j = 0;

    for (; j + 8 <= m; j += 8)
        for (int l = 0; l < 8; l++) {
            const double x = r[j + l] - (ui * p[j + l] + pi * u[j + l]);

            r[j + l] = x;
            lane[l] += x * v[j + l];
            next[j + l] += x * vi;
        }
    for (; j < m; j++) {
        const double x = r[j] - (ui * p[j] + pi * u[j]);

        r[j] = x;
        s += x * v[j];
        next[j] += x * vi;
    }
    return s + (((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7])));
}

/* Householder's vector of x[m], in place: its first element less ALPHA, what the reflection makes of x. 2
 * over its square, or 0 where there is nothing to reflect; then x is 0. */
FELL_INLINE double linear_reflect(double *x, int64_t m, double *alpha)
{
    const double size = sqrt(linear_dot(x, x, m));
    double square = 0.0;

    *alpha = x[0];
    if (m > 1 && size > 0.0) {
        *alpha = x[0] > 0.0 ? -size : size;
        x[0] -= *alpha;
        square = linear_dot(x, x, m);
    }
    for (int64_t j = 0; !(square > 0.0) && j < m; j++)
        x[j] = 0.0;
    return square > 0.0 ? 2.0 / square : 0.0;
}

/* A symmetric matrix a[n,n], of which only what is right of the diagonal is looked at, to tridiagonal form by
 * Householder reflections (Golub and Van Loan, Matrix Computations, 8.3.1): diagonal d[n], off-diagonal e[n],
 * e[0] = 0. A is used up; v[4n] is working memory. */
struct linear_tridiagonal {
    fell_ctx *ctx;
    double *a, *d, *e, *v;
    int64_t n;
};

FELL_KERNEL(linear_tridiagonal, struct linear_tridiagonal)
{
    const int64_t n = c->n;
    /* Of the reflection before, whose A - u p' - p u' is yet to be made, and of this one; by the matrix's
     * rows. */
    double *u = c->v, *p = u + n, *v = p + n, *next = v + n;

    for (int64_t j = 0; j < 4 * n; j++)
        c->v[j] = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t m = n - k - 1;
        double *row = c->a + k * n, *t, scale, half;

        for (int64_t j = k; j < n; j++)
            row[j] -= u[k] * p[j] + p[k] * u[j];
        c->d[k] = row[k];
        if (m == 0)
            break;
        for (int64_t j = k + 1; j < n; j++) {
            v[j] = row[j];
            next[j] = 0.0;
        }
        scale = linear_reflect(v + k + 1, m, &c->e[k + 1]);
        for (int64_t i = k + 1; i < n; i++) {
            double *r = c->a + i * n;

            r[i] -= u[i] * p[i] + p[i] * u[i];
            next[i] += r[i] * v[i] + linear_row(r + i + 1, n - i - 1, u[i], p[i], u + i + 1, p + i + 1,
                                                v + i + 1, v[i], next + i + 1);
        }
        for (int64_t j = k + 1; j < n; j++)
            next[j] *= scale;
        half = 0.5 * scale * linear_dot(next + k + 1, v + k + 1, m);
        for (int64_t j = k + 1; j < n; j++)
            next[j] -= half * v[j];
        t = u;
        u = v;
        v = t;
        t = p;
        p = next;
        next = t;
    }
    c->e[0] = 0.0;
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
        const double inverse = p > 0.0 ? r / p : 1.0; /* of the next c, ahead of what waits for c */

        if (i != m - 1)
            e[i + 1] = s * r;
        c = r > 0.0 ? p / r : 1.0;
        s = r > 0.0 ? square / r : 0.0;
        g = c * (d[i] - shift) - s * last;
        d[i + 1] = last + (d[i] - g);
        p = c > 0.0 ? g * g * inverse : was * square;
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

/* Eigenvalues of the symmetric a[n,n], which is used up, in d[n], from large to small. WORK: [5n]. False: no
 * convergence. */
static inline bool linear_eigenvalues(fell_ctx *ctx, double *a, int64_t n, double *d, double *work)
{
    struct linear_tridiagonal c = {ctx, a, d, work, work + n, n};
    bool upward;

    if (linear_tridiagonal(&c) != FELL_OK || !linear_values(d, work, n))
        return false;
    upward = d[0] < d[n - 1];
    for (int64_t i = 0, k = n - 1; upward && i < k; i++, k--) { /* QL leaves them nearly in order */
        const double t = d[i];

        d[i] = d[k];
        d[k] = t;
    }
    for (int64_t i = 1; i < n; i++)
        for (int64_t j = i; j > 0 && d[j] > d[j - 1]; j--) {
            const double t = d[j];

            d[j] = d[j - 1];
            d[j - 1] = t;
        }
    return true;
}

#endif
