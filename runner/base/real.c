/* real.c - see real.h. Only + - * / and sqrt, which IEEE 754 rounds in one way, and exact
 * operations on exponents.
 *
 *  - exp: x = k ln 2 + r with ln 2 in two parts (Cody and Waite, Software Manual for the
 *    Elementary Functions, 1980, chapter 6), Taylor's series of e^r.
 *  - log: x = 2^k m with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh((m - 1) / (m + 1)).
 *  - normal quantile: Wichura, "Algorithm AS 241: The Percentage Points of the Normal
 *    Distribution", Applied Statistics 37 (1988), PPND16: the three rational functions and
 *    their numbers.
 */
#include "base/real.h"

#include <math.h>
#include <stddef.h>

/* ln 2; the first part has 32 bits, so that k times it is exact. */
static const double LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;
static const double LN2 = 0.69314718055994530942, SQRT_HALF = 0.70710678118654752440;

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* c[0] + c[1] x + ... */
static double polynomial(const double *c, size_t n, double x)
{
    double sum = c[n - 1];

    for (size_t i = n - 1; i-- > 0;)
        sum = sum * x + c[i];
    return sum;
}

double real_exp(double x)
{
    /* 1/n!, from n = 2; r^14/14! is below 2^-58. */
    static const double c[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                               1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                               1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    double k, high, low, r;

    if (isnan(x))
        return x;
    if (x > 709.782712893384)
        return INFINITY;
    if (x < -745.2)
        return 0;
    k = floor(x / LN2 + 0.5);
    high = x - k * LN2_HIGH;
    low = k * LN2_LOW;
    r = high - low;
    return scalbn(1 + (r + (r * r * polynomial(c, COUNT(c), r) + ((high - r) - low))), (int)k);
}

double real_log(double x)
{
    /* 1/(2n + 1), from n = 1; s^2 is below 0.0295. */
    static const double c[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                               1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21};
    double m, f, s, s2, k;
    int e;

    if (isnan(x) || x < 0)
        return NAN;
    if (x == 0)
        return -INFINITY;
    if (isinf(x))
        return x;
    m = frexp(x, &e);
    if (m < SQRT_HALF) {
        m *= 2;
        e--;
    }
    k = e;
    f = m - 1;
    s = f / (2 + f);
    s2 = s * s;
    /* log m = 2s + 2s^3/3 + ... with 2s = f - s f: what is large is exact. */
    return k * LN2_HIGH + (f - (s * (f - 2 * s2 * polynomial(c, COUNT(c), s2)) - k * LN2_LOW));
}

double real_normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                               1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                               3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[] = {1,
                               4.2313330701600911252e+1,
                               6.8718700749205790830e+2,
                               5.3941960214247511077e+3,
                               2.1213794301586595867e+4,
                               3.9307895800092710610e+4,
                               2.8729085735721942674e+4,
                               5.2264952788528545610e+3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                               3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131245613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    double q = p - 0.5, r, x;

    if (isnan(p) || p < 0 || p > 1)
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -INFINITY : INFINITY;
    if (fabs(q) <= 0.425) {
        r = 0.180625 - q * q;
        return q * polynomial(a, COUNT(a), r) / polynomial(b, COUNT(b), r);
    }
    r = sqrt(-real_log(q < 0 ? p : 1 - p));
    if (r <= 5)
        x = polynomial(c, COUNT(c), r - 1.6) / polynomial(d, COUNT(d), r - 1.6);
    else
        x = polynomial(e, COUNT(e), r - 5) / polynomial(f, COUNT(f), r - 5);
    return q < 0 ? -x : x;
}
