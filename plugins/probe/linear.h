/* linear.h - the little linear algebra that probes need, in double: products, and eigenvalues of tridiagonal
 * and of small matrices. Those of large ones are in eigenvalues.h.
 *
 * Plain C in one order, so that the bits do not depend on the SIMD level; the products are always inlined, so
 * that in a FELL_KERNEL they are compiled for its level. Private to the bundled probes.
 */
#ifndef PLUGINS_PROBE_LINEAR_H
#define PLUGINS_PROBE_LINEAR_H

#include "fell/probe.h"

enum { LINEAR_LANES = 16 }; /* sums that are made at once, whatever the width of a register */

FELL_INLINE double linear_lanes(const double lane[LINEAR_LANES])
{
    double s[8];

    for (int l = 0; l < 8; l++)
        s[l] = lane[l] + lane[l + 8];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

FELL_INLINE double linear_dot(const double *a, const double *b, int64_t n)
{
    double lane[LINEAR_LANES] = {0.0}, s = 0.0;
    int64_t i = 0;

    for (; i + LINEAR_LANES <= n; i += LINEAR_LANES)
        for (int l = 0; l < LINEAR_LANES; l++)
            lane[l] += a[i + l] * b[i + l];
    for (; i < n; i++)
        s += a[i] * b[i];
    return s + linear_lanes(lane);
}

/* The product of two vectors of floats, summed in double. */
FELL_INLINE double linear_dot32(const float *a, const float *b, int64_t n)
{
    double lane[LINEAR_LANES] = {0.0}, s = 0.0;
    int64_t i = 0;

    for (; i + LINEAR_LANES <= n; i += LINEAR_LANES)
        for (int l = 0; l < LINEAR_LANES; l++)
            lane[l] += (double)a[i + l] * (double)b[i + l];
    for (; i < n; i++)
        s += (double)a[i] * (double)b[i];
    return s + linear_lanes(lane);
}

/* The product of floats with doubles. */
FELL_INLINE double linear_dot_mixed(const float *a, const double *b, int64_t n)
{
    double lane[LINEAR_LANES] = {0.0}, s = 0.0;
    int64_t i = 0;

    for (; i + LINEAR_LANES <= n; i += LINEAR_LANES)
        for (int l = 0; l < LINEAR_LANES; l++)
            lane[l] += (double)a[i + l] * b[i + l];
    for (; i < n; i++)
        s += (double)a[i] * b[i];
    return s + linear_lanes(lane);
}

/* The sum of x[n]. */
FELL_INLINE double linear_sum(const double *x, int64_t n)
{
    double lane[LINEAR_LANES] = {0.0}, s = 0.0;
    int64_t i = 0;

    for (; i + LINEAR_LANES <= n; i += LINEAR_LANES)
        for (int l = 0; l < LINEAR_LANES; l++)
            lane[l] += x[i + l];
    for (; i < n; i++)
        s += x[i];
    return s + linear_lanes(lane);
}

/* The largest of x[n] and of MOST; what is no number is passed over. */
FELL_INLINE double linear_max(const double *x, int64_t n, double most)
{
    double lane[8];
    int64_t i = 0;

    for (int l = 0; l < 8; l++)
        lane[l] = most;
    for (; i + 8 <= n; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
    for (; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int l = 0; l < 8; l++)
        most = lane[l] > most ? lane[l] : most;
    return most;
}

/* Cosine of the angle between two vectors; NAN where one has no length. */
static inline double linear_cosine(double dot, double squares_a, double squares_b)
{
    return squares_a > 0.0 && squares_b > 0.0 ? dot / (sqrt(squares_a) * sqrt(squares_b)) : (double)NAN;
}

/* Eigenvalues of the tridiagonal matrix d[n], e[n] (e[0] unused) in place of d, unordered: implicit QL
 * (Bowdler, Martin, Reinsch and Wilkinson 1968). With z [n,n], its columns go along: eigenvectors in the
 * basis whose vectors the columns were. An off-diagonal that is nothing beside its neighbours is taken for 0;
 * after PATIENCE turns, so is one that is nothing beside the whole matrix: where the matrix has a lower rank,
 * what is left of it is rounding, and that need never become small beside itself. False: no convergence. */
static inline bool linear_ql(double *d, double *e, int64_t n, double *z)
{
    enum { PATIENCE = 30, TURNS = 90 };
    double most = 0.0;

    for (int64_t i = 1; i < n; i++)
        e[i - 1] = e[i];
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(d[i]) + (i + 1 < n ? fabs(e[i]) : 0.0));
    if (n > 0)
        e[n - 1] = 0.0;
    for (int64_t l = 0; l < n; l++) {
        for (int turn = 0;; turn++) {
            int64_t m = l;
            double g, r, s = 1.0, c = 1.0, p = 0.0;
            int64_t i;

            while (m + 1 < n && fabs(e[m]) > 1e-16 * (fabs(d[m]) + fabs(d[m + 1])) &&
                   !(turn >= PATIENCE && fabs(e[m]) <= 2.3e-16 * most))
                m++;
            if (m == l)
                break;
            if (turn == TURNS)
                return false;
            g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            r = sqrt(g * g + 1.0);
            g = d[m] - d[l] + e[l] / (g + (g >= 0.0 ? r : -r));
            for (i = m - 1; i >= l; i--) {
                const double f = s * e[i], b = c * e[i];
                double t;

                r = sqrt(f * f + g * g);
                e[i + 1] = r;
                if (!(r > 0.0)) {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                t = (d[i] - g) * s + 2.0 * c * b;
                p = s * t;
                d[i + 1] = g + p;
                g = c * t - b;
                for (int64_t k = 0; z && k < n; k++) {
                    const double high = z[k * n + i + 1], low = z[k * n + i];

                    z[k * n + i + 1] = s * low + c * high;
                    z[k * n + i] = c * low - s * high;
                }
            }
            if (!(r > 0.0) && i >= l)
                continue;
            d[l] -= p;
            e[l] = g;
            e[m] = 0.0;
        }
    }
    return true;
}

/* Eigenvalues and vectors of a small symmetric a[n,n] by Jacobi's rotations (Golub and Van Loan, 8.5): d[n],
 * and the vectors in the columns of z[n,n]. A is used up. */
static inline void linear_jacobi(double *a, int64_t n, double *d, double *z)
{
    for (int64_t i = 0; i < n * n; i++)
        z[i] = 0.0;
    for (int64_t i = 0; i < n; i++)
        z[i * n + i] = 1.0;
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0.0, all = 0.0;

        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) {
                all += a[i * n + j] * a[i * n + j];
                off += i == j ? 0.0 : a[i * n + j] * a[i * n + j];
            }
        if (!(off > 1e-30 * all))
            break;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) {
                double theta, t, c, s;

                if (!(fabs(a[p * n + q]) > 0.0))
                    continue;
                theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
                t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
                c = 1.0 / sqrt(t * t + 1.0);
                s = t * c;
                for (int64_t k = 0; k < n; k++) {
                    const double x = a[k * n + p], y = a[k * n + q];

                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for (int64_t k = 0; k < n; k++) {
                    const double x = a[p * n + k], y = a[q * n + k], zx = z[k * n + p], zy = z[k * n + q];

                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                    z[k * n + p] = c * zx - s * zy;
                    z[k * n + q] = s * zx + c * zy;
                }
            }
    }
    for (int64_t i = 0; i < n; i++)
        d[i] = a[i * n + i];
}

#endif
