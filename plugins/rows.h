/* rows.h - sums over a row of floats that vectorise and keep their bits.
 *
 * Sixteen partial sums, one for each position modulo 16, are folded in a fixed
 * order, and what is left of the row is added one by one: the result does not
 * depend on the width that the compiler vectorises with.
 */
#ifndef PLUGINS_ROWS_H
#define PLUGINS_ROWS_H

#include "fell/plugin.h"

enum { ROWS_LANES = 16 };

/* Largest of x[n], n >= 1. A NaN anywhere may be passed over: it still turns up
 * in whatever is computed from its own element. */
FELL_INLINE float rows_max(const float *x, int64_t n)
{
    float m = x[0];
    int64_t j = 0;

    if (n >= ROWS_LANES) {
        float lane[ROWS_LANES];

        for (int l = 0; l < ROWS_LANES; l++)
            lane[l] = x[l];
        for (j = ROWS_LANES; j + ROWS_LANES <= n; j += ROWS_LANES)
            for (int l = 0; l < ROWS_LANES; l++)
                lane[l] = x[j + l] > lane[l] ? x[j + l] : lane[l];
        for (int l = 0; l < ROWS_LANES; l++)
            m = lane[l] > m ? lane[l] : m;
    }
    for (; j < n; j++)
        m = x[j] > m ? x[j] : m;
    return m;
}

/* The sum of x[n] * y[n], or of x[n] where y is NULL (a constant to the compiler). */
FELL_INLINE float rows_dot(const float *x, const float *y, int64_t n)
{
    float s = 0.0f;
    int64_t j = 0;

    if (n >= ROWS_LANES) {
        float lane[ROWS_LANES] = {0};

        for (; j + ROWS_LANES <= n; j += ROWS_LANES)
            for (int l = 0; l < ROWS_LANES; l++)
                lane[l] += y ? x[j + l] * y[j + l] : x[j + l];
        for (int half = ROWS_LANES / 2; half > 0; half /= 2)
            for (int l = 0; l < half; l++)
                lane[l] += lane[l + half];
        s = lane[0];
    }
    for (; j < n; j++)
        s += y ? x[j] * y[j] : x[j];
    return s;
}

FELL_INLINE float rows_sum(const float *x, int64_t n)
{
    return rows_dot(x, NULL, n);
}

/* The sum of x[n] * y[n], or of x[n] where y is NULL (a constant to the compiler), in double. */
FELL_INLINE double rows_dot_total(const float *x, const float *y, int64_t n)
{
    double s = 0.0;
    int64_t j = 0;

    if (n >= ROWS_LANES) {
        double lane[ROWS_LANES] = {0};

        for (; j + ROWS_LANES <= n; j += ROWS_LANES)
            for (int l = 0; l < ROWS_LANES; l++)
                lane[l] += y ? (double)x[j + l] * (double)y[j + l] : (double)x[j + l];
        for (int half = ROWS_LANES / 2; half > 0; half /= 2)
            for (int l = 0; l < half; l++)
                lane[l] += lane[l + half];
        s = lane[0];
    }
    for (; j < n; j++)
        s += y ? (double)x[j] * (double)y[j] : (double)x[j];
    return s;
}

/* The sum of x[n] in double. */
FELL_INLINE double rows_total(const float *x, int64_t n)
{
    return rows_dot_total(x, NULL, n);
}

#endif
