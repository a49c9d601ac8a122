/* norm.h - means and deviations, for the layers that normalise.
 *
 * Sums are in double and in an order that does not depend on the vectors' width (rows.h).
 * Deviations are taken from the mean first and squared then, so that a mean far from zero
 * costs no digits.
 */
#ifndef LAYER_NORM_H
#define LAYER_NORM_H

#include "../rows.h"

enum { NORM_BLOCK = 256 }; /* floats whose products are made at once */

/* What numbers are normalised by: x becomes (x - mean) inverse. */
struct norm {
    float mean, inverse;
};

/* The sum of dy[n] (x[n] - mean), or of (x[n] - mean)^2 where dy is NULL (a constant to the
 * compiler). */
FELL_INLINE double norm_sum(const float *dy, const float *x, int64_t n, float mean)
{
    float product[NORM_BLOCK];
    double sum = 0.0;

    for (int64_t i = 0; i < n; i += NORM_BLOCK) {
        const int64_t m = n - i < NORM_BLOCK ? n - i : NORM_BLOCK;

        FELL_EACH for (int64_t j = 0; j < m; j++)
        {
            const float d = x[i + j] - mean;

            product[j] = dy ? dy[i + j] * d : d * d;
        }
        sum += rows_total(product, m);
    }
    return sum;
}

/* 1 / sqrt(variance + epsilon) */
FELL_INLINE float norm_inverse(double variance, double epsilon)
{
    return (float)(1.0 / sqrt(variance + epsilon));
}

/* Of x[n], by mean and population variance. */
FELL_INLINE struct norm norm_of(const float *x, int64_t n, double epsilon)
{
    const float mean = (float)(rows_total(x, n) / (double)n);

    return (struct norm){mean, norm_inverse(norm_sum(NULL, x, n, mean) / (double)n, epsilon)};
}

/* to[n] = x[n] normalised */
FELL_INLINE void norm_apply(struct norm by, const float *x, int64_t n, float *to)
{
    FELL_EACH for (int64_t j = 0; j < n; j++) to[j] = (x[j] - by.mean) * by.inverse;
}

/* dx[n] from the gradient g[n] of the normalised numbers h[n]:
 *     dx = inverse (g - mean of g - h mean of g h) */
FELL_INLINE void norm_back(struct norm by, const float *h, const float *g, int64_t n, float *dx)
{
    const float mean = (float)(rows_total(g, n) / (double)n);
    const float slope = (float)(rows_dot_total(g, h, n) / (double)n);

    FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = by.inverse * ((g[j] - mean) - h[j] * slope);
}

/* The last dimensions of the input, which the setting normalized_shape names; without, the last one. */
static inline fell_status norm_last(fell_plan *p, const fell_ints *given, fell_shape *last)
{
    const fell_shape *in = &p->in[0];
    const int64_t n = given->n ? given->n : 1;

    if (n > in->rank)
        return fell_fail(p->ctx, "normalized_shape: %lld dimensions, but the input has %lld", (long long)n,
                         (long long)in->rank);
    *last = (fell_shape){n, {0}};
    for (int64_t d = 0; d < n; d++) {
        last->dim[d] = in->dim[in->rank - n + d];
        if (given->n && given->v[d] != last->dim[d])
            return fell_fail(p->ctx, "normalized_shape: %lld where the input has %lld",
                             (long long)given->v[d], (long long)last->dim[d]);
    }
    return FELL_OK;
}

/* Numbers that are normalised together. */
FELL_INLINE int64_t norm_together(const fell_shape *in, const fell_ints *given)
{
    int64_t n = 1;

    for (int64_t d = in->rank - (given->n ? given->n : 1); d < in->rank; d++)
        n *= in->dim[d];
    return n;
}

#define NORM_SHAPE(S)                                                                                        \
    FELL_INTS(                                                                                               \
        S, normalized_shape, "[]", 1, 1 << 24, 0,                                                            \
        "The last dimensions, which are normalised together, [8, 8] of [3, 8, 8]; empty: the last one.")

#endif
