/* eigenvalues.h - eigenvalues of a symmetric matrix of some hundreds, in double: Householder's tridiagonal
 * form, compiled for each SIMD level with the same bits, then QL without square roots. Private to the bundled
 * probes.
 */
#ifndef PLUGINS_PROBE_EIGENVALUES_H
#define PLUGINS_PROBE_EIGENVALUES_H

#include <float.h>

#include "linear.h"

enum { LINEAR_WIDE = 8 /* columns at once */, LINEAR_ROWS = 4 };

/* Columns of whole blocks of LINEAR_WIDE. */
static inline int64_t linear_end(int64_t n)
{
    return (n + LINEAR_WIDE - 1) / LINEAR_WIDE * LINEAR_WIDE;
}

/* Elements from row to row of a matrix of n columns, which has as many rows: an odd number of blocks, since a
 * load waits for a store before it that is a multiple of 4 KiB away. */
static inline int64_t linear_stride(int64_t n)
{
    return linear_end(n) / LINEAR_WIDE % 2 ? linear_end(n) : linear_end(n) + LINEAR_WIDE;
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

/* Rows I to I + 3 of a[stride,stride], I a multiple of four, from the diagonal on to column END. One pass,
 * since what is left of the matrix is larger than the nearest cache. */
FELL_INLINE void linear_rows(double *a, int64_t stride, int64_t end, int64_t i, const struct linear_step *s)
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
    for (j += LINEAR_WIDE; j < end; j += LINEAR_WIDE)
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
    const int64_t n = c->n, stride = linear_stride(n), end = linear_end(n);
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
            linear_rows(c->a, stride, end, i, &(struct linear_step){u, p, v, next});
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

/* A tridiagonal matrix on its way to its eigenvalues, which come in place of d, unordered: diagonal d[n],
 * off-diagonal e[n], e[0] unused. Each is known to LEAST of the largest, 1e-16 or more. */
struct linear_spectrum {
    double *d, *e;
    int64_t n;
    double least;
    /* the sweep that is under way, over rows l to m */
    int64_t l, m, i;
    double c, s, g, p, shift, tiny;
    int turn;
};

static inline void linear_begin(struct linear_spectrum *t)
{
    double most = 0.0;

    for (int64_t i = 0; i + 1 < t->n; i++) {
        most = fmax(most, fmax(fabs(t->d[i]), fabs(t->e[i + 1])));
        t->e[i] = t->e[i + 1] * t->e[i + 1];
    }
    most *= t->least;
    t->tiny = most * most;
    t->l = 0;
    t->turn = 0;
}

enum { LINEAR_TURNS = 60 };

/* Whether there is a sweep to do, which is made ready. What is nothing beside the whole matrix is taken for
 * 0, so that one of a low rank, where the rest is rounding, comes to an end. With t->turn > LINEAR_TURNS it
 * does not converge. */
static inline bool linear_next(struct linear_spectrum *t)
{
    const double *d = t->d;
    double *e = t->e;

    for (; t->l < t->n; t->l++, t->turn = 0) {
        int64_t m = t->l;

        while (m + 1 < t->n && e[m] > t->tiny && e[m] > t->least * t->least * fabs(d[m] * d[m + 1]))
            m++;
        if (m + 1 < t->n)
            e[m] = 0.0;
        if (m > t->l) {
            const double root = sqrt(e[t->l]), half = (d[t->l + 1] - d[t->l]) / (2.0 * root);

            t->shift = d[t->l] - root / (half + (half >= 0.0 ? 1.0 : -1.0) * sqrt(half * half + 1.0));
            t->m = m;
            t->i = m - 1;
            t->c = 1.0;
            t->s = 0.0;
            t->g = d[m] - t->shift;
            t->p = t->g * t->g;
            return ++t->turn <= LINEAR_TURNS;
        }
    }
    return false;
}

/* Row i of the sweep. */
FELL_INLINE void linear_turn(struct linear_spectrum *t)
{
    const int64_t i = t->i--;
    const double square = t->e[i], r = t->p + square, last = t->g, was = t->c;
    const double inverse = t->p > 0.0 ? r / t->p : 1.0; /* of the next c, ahead of what waits for c */

    if (i != t->m - 1)
        t->e[i + 1] = t->s * r;
    t->c = r > 0.0 ? t->p / r : 1.0;
    t->s = r > 0.0 ? square / r : 0.0;
    t->g = t->c * (t->d[i] - t->shift) - t->s * last;
    t->d[i + 1] = last + (t->d[i] - t->g);
    t->p = t->c > 0.0 ? t->g * t->g * inverse : was * square;
}

/* One sweep of each of two; of one, where B is NULL. A row waits for the row before it, so that the two take
 * hardly longer than one. */
static inline void linear_sweeps(struct linear_spectrum *first, struct linear_spectrum *second)
{
    struct linear_spectrum a = *first, b;

    if (second) {
        b = *second;
        while (a.i >= a.l && b.i >= b.l) {
            linear_turn(&a);
            linear_turn(&b);
        }
        while (b.i >= b.l)
            linear_turn(&b);
        b.e[b.l] = b.s * b.p;
        b.d[b.l] = b.shift + b.g;
        *second = b;
    }
    while (a.i >= a.l)
        linear_turn(&a);
    a.e[a.l] = a.s * a.p;
    a.d[a.l] = a.shift + a.g;
    *first = a;
}

/* From large to small; QL leaves them nearly in order. */
static inline void linear_sort(double *d, int64_t n)
{
    const bool upward = n > 0 && d[0] < d[n - 1];

    for (int64_t i = 0, k = n - 1; upward && i < k; i++, k--) {
        const double t = d[i];

        d[i] = d[k];
        d[k] = t;
    }
    for (int64_t i = 1; i < n; i++) {
        const double t = d[i];
        int64_t j = i;

        for (; j > 0 && t > d[j - 1]; j--)
            d[j] = d[j - 1];
        d[j] = t;
    }
}

/* Eigenvalues of COUNT tridiagonal matrices, from large to small: the method of Pal, Walker and Kahan, QL
 * without square roots (B. Parlett, The Symmetric Eigenvalue Problem, 8.15), of two at a time; each has the
 * bits that it has alone. The one that does not converge, or -1. */
static inline int64_t linear_values(struct linear_spectrum *t, int64_t count)
{
    struct linear_spectrum *at[2] = {NULL, NULL};

    for (int64_t next = 0;;) {
        for (int k = 0; k < 2; k++) {
            while ((at[k] && !linear_next(at[k])) || (!at[k] && next < count)) {
                if (at[k] && at[k]->l < at[k]->n)
                    return at[k] - t;
                at[k] = next < count ? &t[next++] : NULL;
                if (at[k])
                    linear_begin(at[k]);
            }
        }
        if (!at[0] && !at[1])
            break;
        linear_sweeps(at[0] ? at[0] : at[1], at[0] ? at[1] : NULL);
    }
    for (int64_t k = 0; k < count; k++)
        linear_sort(t[k].d, t[k].n);
    return -1;
}

/* Multiply z[n] by a power of two so that sums of its products are floats; what is so already, or not finite,
 * stays as it is. */
static inline void linear_fit(float *z, int64_t n)
{
    float most = 0.0f;
    double scale = 1.0;

    for (int64_t i = 0; i < n; i++)
        most = fabsf(z[i]) > most ? fabsf(z[i]) : most;
    if (!(most > 0.0f) || most > FLT_MAX || (most > 0x1p-30f && most < 0x1p30f))
        return;
    while ((double)most * scale < 0.5)
        scale *= 2.0;
    while ((double)most * scale > 1.0)
        scale *= 0.5;
    for (int64_t i = 0; i < n; i++)
        z[i] = (float)((double)z[i] * scale);
}

#endif
