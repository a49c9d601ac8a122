/* gelu.h - the normal distribution function as gelu needs it, with all its digits where it is tiny.
 *
 * For a = |x|, P(-a) = exp(-a^2/2) t Q(t) with t = 1/(1 + 0.35 a): a smooth Q, fitted below for a up
 * to 15, where P(-a) is 0 in float. Included by gelu and glu.
 */
#ifndef PLUGINS_GELU_H
#define PLUGINS_GELU_H

#include "fell/plugin.h"

/* a, or END where it is above: beyond, nothing changes in float. */
static inline float gelu_at_most(float a, float end)
{
    return a > end ? end : a;
}

/* exp(-a^2/2) for 0 <= a <= 15. What a^2 loses to rounding is put right to first order; it is
 * found by cutting a into 12 and 12 bits (Dekker 1971). */
static inline float gelu_bell(float a)
{
    const float head = fell_float_(fell_bits_(a) & 0xfffff000u), tail = a - head, square = a * a;
    const float lost = ((head * head - square) + 2.0f * head * tail) + tail * tail;
    const float e = fell_exp(-0.5f * square);

    return e - e * (0.5f * lost);
}

/* P(-a) from exp(-a^2/2): Q by the Remez exchange in 40-digit arithmetic, relative error 3.2e-8. */
static inline float gelu_lower_tail(float a, float bell_of_a)
{
    const float t = 1.0f / (1.0f + 0.35f * a), t2 = t * t, t4 = t2 * t2;
    const float low = (1.39621259e-1f + 1.39864331e-1f * t) + t2 * (1.19815535e-1f + 1.05574665e-1f * t);
    const float high = (-2.32635471e-2f + 1.59392553e-1f * t) + t2 * (-2.55901606e-1f + 1.44060705e-1f * t);

    return bell_of_a * (t * (low + t4 * (high + t4 * -2.91639112e-2f)));
}

/* x P(x) */
static inline float gelu_exact(float x)
{
    const float a = gelu_at_most(fell_abs_(x), 15.0f), p = gelu_lower_tail(a, gelu_bell(a));

    return x * (x > 0.0f ? 1.0f - p : p);
}

/* P(x) + x exp(-x^2/2) / sqrt(2 pi) */
static inline float gelu_exact_slope(float x)
{
    const float a = gelu_at_most(fell_abs_(x), 15.0f), e = gelu_bell(a), p = gelu_lower_tail(a, e);
    const float term = 0.398942280f * a * e;

    return x > 0.0f ? (1.0f - p) + term : p - term;
}

#endif
