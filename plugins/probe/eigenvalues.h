/* eigenvalues.h - eigenvalues of a symmetric matrix of some hundreds, in double: Householder's tridiagonal
 * form, compiled for each SIMD level with the same bits, then QL without square roots. Private to the bundled
 * probes.
 */
#ifndef PLUGINS_PROBE_EIGENVALUES_H
#define PLUGINS_PROBE_EIGENVALUES_H

#include "linear.h"

enum { LINEAR_WIDE = 8 /* columns at once */, LINEAR_ROWS = 4 };

/* Floats from row to row of a matrix of n columns: whole blocks of LINEAR_WIDE, and as many rows. */
static inline int64_t linear_stride(int64_t n)
{
    return (n + LINEAR_WIDE - 1) / LINEAR_WIDE * LINEAR_WIDE;
}

/* What one step does to the rows of a matrix: the reflection before, A -= U P' + P U', and of what comes out
 * its product with V, added to NEXT. [stride] each. */
struct linear_step {
    const double *u, *p, *v;
    double *next;
};

/* A vector of the compiler's, which makes narrower ones of it where the machine has none as wide. */
typedef double linear_wide __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t linear_mask __attribute__((vector_size(64)));

/* What the rows I to I + 3 need of themselves, and their products with V so far. */
struct linear_four {
    double *r[LINEAR_ROWS];
    double u[LINEAR_ROWS], p[LINEAR_ROWS], v[LINEAR_ROWS];
    linear_wide lane[LINEAR_ROWS];
};

/* LINEAR_WIDE columns from J on. With FIRST >= 0 those up to FIRST + the row's number are left of the
 * diagonal or on it. */
FELL_INLINE void linear_block(struct linear_four *f, const struct linear_step *s, int64_t j, int64_t first)
{
    const linear_mask at = {0, 1, 2, 3, 4, 5, 6, 7};
    const linear_wide u = *(const linear_wide *)(s->u + j), p = *(const linear_wide *)(s->p + j);
    const linear_wide v = *(const linear_wide *)(s->v + j);
    linear_wide x[LINEAR_ROWS];

    for (int k = 0; k < LINEAR_ROWS; k++) {
        linear_wide *r = (linear_wide *)(f->r[k] + j);

        x[k] = *r - (f->u[k] * p + f->p[k] * u);
        if (first >= 0)
            x[k] = (linear_wide)((linear_mask)x[k] & (at > first + k));
        *r = x[k];
        f->lane[k] += x[k] * v;
    }
    *(linear_wide *)(s->next + j) += (x[0] * f->v[0] + x[1] * f->v[1]) + (x[2] * f->v[2] + x[3] * f->v[3]);
}

/* Rows I to I + 3 of a[stride,stride], I a multiple of four, from the diagonal on. One pass, since what is
 * left of the matrix is larger than the nearest cache. */
FELL_INLINE void linear_rows(double *a, int64_t stride, int64_t i, const struct linear_step *s)
{
    int64_t j = i / LINEAR_WIDE * LINEAR_WIDE;
    double on[LINEAR_ROWS];
    struct linear_four f;

    for (int k = 0; k < LINEAR_ROWS; k++) {
        f.r[k] = a + (i + k) * stride;
        f.u[k] = s->u[i + k];
        f.p[k] = s->p[i + k];
        f.v[k] = s->v[i + k];
        f.lane[k] = (linear_wide){0.0};
        on[k] = f.r[k][i + k] - 2.0 * f.u[k] * f.p[k];
    }
    linear_block(&f, s, j, i - j);
    for (j += LINEAR_WIDE; j < stride; j += LINEAR_WIDE)
        linear_block(&f, s, j, -1);
    for (int k = 0; k < LINEAR_ROWS; k++) {
        const linear_wide x = f.lane[k];

        f.r[k][i + k] = on[k];
        s->next[i + k] +=
            on[k] * f.v[k] + (((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7])));
    }
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

/* A symmetric matrix of n rows in a[stride,stride], of which only what is right of the diagonal is looked at,
 * to tridiagonal form by Householder reflections (Golub and Van Loan, Matrix Computations, 8.3.1): diagonal
 * d[n], off-diagonal e[n], e[0] = 0. A is used up; v[4 stride] is working memory. */
struct linear_tridiagonal {
    fell_ctx *ctx;
    double *a, *d, *e, *v;
    int64_t n;
};

/* What is there for whole blocks alone is 0. */
FELL_INLINE void linear_pad(double *a, int64_t n, int64_t stride)
{
    for (int64_t i = 0; i < stride; i++)
        for (int64_t j = i < n ? n : i / LINEAR_WIDE * LINEAR_WIDE; j < stride; j++)
            a[i * stride + j] = 0.0;
}

FELL_KERNEL(linear_tridiagonal, struct linear_tridiagonal)
{
    const int64_t n = c->n, stride = linear_stride(n);
    /* Of the reflection before, whose A - u p' - p u' is yet to be made, and of this one; by the matrix's
     * rows. Both are 0 in the rows that are done, of which up to three go along with those that are not. */
    double *u = c->v, *p = u + stride, *v = p + stride, *next = v + stride;

    linear_pad(c->a, n, stride);
    for (int64_t j = 0; j < 4 * stride; j++)
        c->v[j] = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t m = n - k - 1;
        double *row = c->a + k * stride, *t, scale, half;

        for (int64_t j = k; j < n; j++)
            row[j] -= u[k] * p[j] + p[k] * u[j];
        c->d[k] = row[k];
        if (m == 0)
            break;
        for (int64_t j = k > 0 ? k - 1 : 0; j <= k; j++)
            v[j] = 0.0;
        for (int64_t j = k + 1; j < n; j++)
            v[j] = row[j];
        for (int64_t j = 0; j < stride; j++)
            next[j] = 0.0;
        scale = linear_reflect(v + k + 1, m, &c->e[k + 1]);
        for (int64_t i = (k + 1) / LINEAR_ROWS * LINEAR_ROWS; i < n; i += LINEAR_ROWS)
            linear_rows(c->a, stride, i, &(struct linear_step){u, p, v, next});
        for (int64_t j = 0; j <= k; j++)
            next[j] = 0.0;
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
 * comes to an end: LEAST of the largest for an off-diagonal. False: no convergence. */
static inline bool linear_values(double *d, double *e, int64_t n, double least)
{
    enum { TURNS = 60 };
    double most = 0.0;

    for (int64_t i = 0; i + 1 < n; i++) {
        most = fmax(most, fmax(fabs(d[i]), fabs(e[i + 1])));
        e[i] = e[i + 1] * e[i + 1];
    }
    most *= least;
    for (int64_t l = 0; l < n; l++)
        for (int turn = 0;; turn++) {
            int64_t m = l;

            while (m + 1 < n && e[m] > most * most && e[m] > least * least * fabs(d[m] * d[m + 1]))
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

/* Eigenvalues of the symmetric a[stride,stride] of n rows, which is used up, in d[n], from large to small,
 * each known to LEAST of the largest, 1e-16 or more. WORK: [5 stride]. False: no convergence. */
static inline bool linear_eigenvalues(fell_ctx *ctx, double *a, int64_t n, double least, double *d,
                                      double *work)
{
    struct linear_tridiagonal c = {ctx, a, d, work, work + linear_stride(n), n};
    bool upward;

    if (linear_tridiagonal(&c) != FELL_OK || !linear_values(d, work, n, least))
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
