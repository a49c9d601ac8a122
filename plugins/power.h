/* power.h - powers, exponential and logarithm in double, from the four operations alone.
 *
 * libm's pow(), exp() and log() differ in the last bit from one version and one
 * processor to the next; these do not. Used once a step or once a tensor, by
 * optimizers, schedules and initialisers; loops over weights take fell/math.h.
 */
#ifndef PLUGINS_POWER_H
#define PLUGINS_POWER_H

#include <math.h>
#include <stdint.h>

/* x^n for n >= 0, by repeated squaring. */
static inline double power_whole(double x, int64_t n)
{
    double y = 1.0;

    for (; n > 0; n /= 2, x *= x)
        if (n % 2)
            y *= x;
    return y;
}

/* The natural logarithm of a normal x > 0: x = 2^n m with m in [sqrt(1/2), sqrt(2)), and
 * log m = 2 (z + z^3/3 + z^5/5 + ...) with z = (m - 1) / (m + 1), |z| < 0.172. */
static inline double power_log(double x)
{
    int n;
    double m = frexp(x, &n), z, square, sum = 0.0;

    if (m < 0.70710678118654752) {
        m *= 2.0;
        n--;
    }
    z = (m - 1.0) / (m + 1.0);
    square = z * z;
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * square + 1.0 / (double)k;
    return 2.0 * z * sum + (double)n * 0.69314718055994531;
}

/* e^x: x = n ln 2 + r with |r| <= 0.347 and ln 2 in two parts (Cody and Waite, 1980), then
 * the series of e^r. */
static inline double power_exp(double x)
{
    double n, r, sum = 1.0;

    if (x > 709.78)
        return INFINITY;
    if (x < -745.2)
        return 0.0;
    n = floor(x * 1.4426950408889634 + 0.5);
    r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
    for (int k = 15; k >= 1; k--)
        sum = 1.0 + sum * r / (double)k;
    return ldexp(sum, (int)n);
}

/* x^y for x >= 0 and any y that keeps it finite. */
static inline double power_real(double x, double y)
{
    if (y == floor(y) && fabs(y) <= 1e6)
        return y < 0.0 ? 1.0 / power_whole(x, (int64_t)-y) : power_whole(x, (int64_t)y);
    return x > 0.0 ? power_exp(y * power_log(x)) : 0.0;
}

#endif
