/* fell/math.h - exp, log and their kin for loops: they vectorise, and give the
 * same bits at every SIMD level and with every compiler and libm.
 *
 * Part of the plugin contract: include fell/plugin.h, which includes this. The
 * file also stands alone. It holds functions of one float and nothing else.
 *
 * Each is within 2 ulp of the exact value over the whole range, denormal results
 * included, and right at +-0, infinities and NaN. None sets errno, branches,
 * calls libm or leans on fused multiply-add: build with -ffp-contract=off (the
 * flags of fell.pc), or the compiler fuses at one level and not at another.
 *
 * Where the formulas come from:
 *  - reduction of exp by n ln 2 with ln 2 in two parts: Cody and Waite, Software
 *    Manual for the Elementary Functions (1980), chapter 6; the parts are those
 *    of Cephes' expf.c (Moshier 1992);
 *  - log on [sqrt(1/2), sqrt(2)) as f - f^2/2 + f^3 P(f): Cephes' logf.c;
 *  - errors carried along by Fast2Sum and 2Sum: Dekker (1971), Knuth (TAOCP 2,
 *    4.2.2);
 *  - log1p from log(1 + x) and the error of that sum: Goldberg (1991), theorem 4;
 *  - tanh x = 1 - 2 / (e^2x + 1), erf x = 1 - e^-xQ(x) away from zero;
 *  - every polynomial is a minimax fit of the named quotient in relative error,
 *    by the Remez exchange in 40-digit arithmetic.
 */
#ifndef FELL_MATH_H
#define FELL_MATH_H

#include <math.h> /* INFINITY, NAN */
#include <stdint.h>
#include <string.h>

#include "fell/kernel.h" /* FELL_INLINE */

/* ---- bits ------------------------------------------------------------------ */

FELL_INLINE uint32_t fell_bits_(float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    return u;
}

FELL_INLINE float fell_float_(uint32_t u)
{
    float x;

    memcpy(&x, &u, sizeof x);
    return x;
}

FELL_INLINE float fell_abs_(float x)
{
    return fell_float_(fell_bits_(x) & 0x7fffffffu);
}

/* |x| with the sign of s; x is not negative. */
FELL_INLINE float fell_sign_(float x, float s)
{
    return fell_float_(fell_bits_(x) | (fell_bits_(s) & 0x80000000u));
}

/* 2^k for k in [-126, 127]. */
FELL_INLINE float fell_pow2_(int32_t k)
{
    return fell_float_((uint32_t)(k + 127) << 23);
}

/* p * 2^k, rounded once, for |k| <= 252: in two factors, so that denormal results
 * and overflow come out right. */
FELL_INLINE float fell_scale_(float p, int32_t k)
{
    return p * fell_pow2_(k >> 1) * fell_pow2_(k - (k >> 1));
}

/* ---- the reduction that exp and its kin share -------------------------------- */

/* x = n ln 2 + r, |r| <= 0.347, for |x| <= 110; *low is what r lost to rounding.
 * Adding 1.5 * 2^23 rounds to a whole number, which stands in the low bits. */
FELL_INLINE float fell_reduce_(float x, int32_t *n, float *low)
{
    const float big = 12582912.0f;
    float t = x * 1.44269504f + big, k = t - big;
    float head = x - k * 0.693359375f, tail = k * 2.12194440e-4f;
    float r = head + tail;

    *n = (int32_t)(fell_bits_(t) - 0x4b400000u);
    *low = (head - r) + tail;
    return r;
}

/* e^r - 1 - r for |r| <= 0.347. */
FELL_INLINE float fell_exp_tail_(float r)
{
    float z = r * r;
    float low = 4.99999993e-1f + 1.66665206e-1f * r;
    float high = 4.16683882e-2f + 8.36872323e-3f * r;

    return z * (low + z * (high + z * 1.38146070e-3f));
}

/* ---- the functions -------------------------------------------------------------- */

/* e^x */
FELL_INLINE float fell_exp(float x)
{
    float r, low;
    int32_t n;

    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    r = fell_reduce_(x, &n, &low);
    return fell_scale_(1.0f + (r + (fell_exp_tail_(r) + low)), n);
}

/* e^x - 1, exact for small x where fell_exp(x) - 1 is not */
FELL_INLINE float fell_expm1(float x)
{
    float t, r, low, one, sum, z, tail, y;
    int32_t n;

    t = x > 89.0f ? 89.0f : x;
    t = t < -17.5f ? -17.5f : t;
    r = fell_reduce_(t, &n, &low);
    z = r * r;
    tail = (5.00000004e-1f + 1.66666664e-1f * r) +
           z * ((4.16663609e-2f + 8.33338936e-3f * r) + z * (1.39406342e-3f + 1.98458955e-4f * r));
    tail = z * tail + low;
    one = 1.0f - fell_pow2_(n < 126 ? -n : -126); /* e^x - 1 = 2^n (one + r + tail) */
    sum = one + r;
    y = fell_scale_(sum + ((r - (sum - one)) + tail), n);
    return x == 0.0f ? x : y; /* keeps -0 */
}

/* log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)), plus n ln 2 */
FELL_INLINE float fell_log_sum_(float f, float n)
{
    float z = f * f, z2 = z * z;
    float p = (3.33333127e-1f + -2.50000095e-1f * f) + z * (2.00021131e-1f + -1.66679966e-1f * f) +
              z2 * ((1.42196492e-1f + -1.24056355e-1f * f) + z * (1.18875682e-1f + -1.16751563e-1f * f) +
                    z2 * 6.74726498e-2f);
    float tail = f * z * p + n * -2.12194440e-4f;

    return (f + (tail - 0.5f * z)) + n * 0.693359375f;
}

/* x = 2^n m with m in [sqrt(1/2), sqrt(2)), for a normal x > 0; returns m */
FELL_INLINE float fell_split_(float x, int32_t *n)
{
    uint32_t u = fell_bits_(x) - 0x3f3504f3u; /* sqrt(1/2) */

    *n = (int32_t)u >> 23;
    return fell_float_((u & 0x007fffffu) + 0x3f3504f3u);
}

/* log y as found for x: what is left are x = 0, negative, infinite, NaN */
FELL_INLINE float fell_log_edges_(float x, float y)
{
    y = x < INFINITY ? y : x;
    return x > 0.0f ? y : x == 0.0f ? -INFINITY : NAN;
}

/* natural logarithm; -inf at 0, NaN below */
FELL_INLINE float fell_log(float x)
{
    float tiny = x < 1.17549435e-38f ? 8388608.0f : 1.0f;
    float less = x < 1.17549435e-38f ? 23.0f : 0.0f;
    float m;
    int32_t n;

    m = fell_split_(x * tiny, &n);
    return fell_log_edges_(x, fell_log_sum_(m - 1.0f, (float)n - less));
}

/* log(1 + x), exact for small x */
FELL_INLINE float fell_log1p(float x)
{
    float u = 1.0f + x, b = u - 1.0f;
    float lost = (1.0f - (u - b)) + (x - b); /* 1 + x = u + lost */
    float m, y;
    int32_t n;

    m = fell_split_(u, &n);
    lost = lost * fell_pow2_(n < 126 ? -n : -126); /* nothing is lost above 2^24 */
    y = fell_log_edges_(u, fell_log_sum_((m - 1.0f) + lost, (float)n));
    return x == 0.0f ? x : y; /* keeps -0 */
}

/* hyperbolic tangent */
FELL_INLINE float fell_tanh(float x)
{
    float a = fell_abs_(x), c = a > 10.0f ? 10.0f : a, z = c * c;
    float r, low, e, inner, outer;
    int32_t n;

    inner = (-3.33333181e-1f + 1.33326029e-1f * z) +
            (z * z) * ((-5.38539678e-2f + 2.10781567e-2f * z) + (z * z) * -6.28298197e-3f);
    inner = c + c * (z * inner);
    r = fell_reduce_(c + c, &n, &low);
    e = (1.0f + (r + fell_exp_tail_(r))) * fell_pow2_(n);
    outer = 1.0f - 2.0f / (e + 1.0f);
    return fell_sign_(c < 0.55f ? inner : outer, x);
}

/* 1 / (1 + e^-x). With e = e^-|x| it is 1 / (1 + e) or e / (1 + e); what e and
 * the sum lost to rounding is put right to first order, with 1/d for d in [1, 2]
 * by its tangent's equal, 24/17 - 8/17 d. */
FELL_INLINE float fell_sigmoid(float x)
{
    float a = fell_abs_(x);
    float r, low, tail, p, e, e_low, d, d_low, top, top_low, q;
    int32_t n;

    a = a > 104.0f ? 104.0f : a;
    r = fell_reduce_(-a, &n, &low);
    tail = fell_exp_tail_(r) + low;
    p = 1.0f + (r + tail);
    e = fell_scale_(p, n);
    e_low = fell_scale_((r - (p - 1.0f)) + tail, n);
    d = 1.0f + e;
    d_low = (e - (d - 1.0f)) + e_low;
    top = x < 0.0f ? e : 1.0f;
    top_low = x < 0.0f ? e_low : 0.0f;
    q = top / d;
    return q + (top_low - q * d_low) * (1.41176471f - 0.470588235f * d);
}

/* error function, 2/sqrt(pi) times the integral of e^-t^2 from 0 to x */
FELL_INLINE float fell_erf(float x)
{
    float a = fell_abs_(x), c = a > 4.0f ? 4.0f : a, z = c * c, z2 = z * z;
    float inner, q, r, low, outer;
    int32_t n;

    inner = (1.28379166e-1f + -3.76126251e-1f * z) + z2 * (1.12835753e-1f + -2.68533522e-2f * z) +
            (z2 * z2) * (5.18736307e-3f + -8.00093101e-4f * z + 7.82070499e-5f * z2);
    inner = c + c * inner;
    q = (1.128682906f + 6.35014015e-1f * c) + z * (1.06460201e-1f + -2.39514592e-2f * c) +
        z2 * (3.73072706e-3f + -3.44225682e-4f * c + 1.33454539e-5f * z);
    r = fell_reduce_(-c * q, &n, &low);
    outer = 1.0f - (1.0f + (r + fell_exp_tail_(r))) * fell_pow2_(n);
    return fell_sign_(c < 1.0f ? inner : outer, x);
}

#endif /* FELL_MATH_H */
