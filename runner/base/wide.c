/* wide.c - see wide.h. Dekker's arithmetic of pairs of doubles ("A floating-point technique for extending
 * the available precision", Numerische Mathematik 18 (1971)), with the exponents kept apart, so that
 * nothing overflows on the way. Only + - * / and exact operations on exponents.
 */
#include "base/wide.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* Exponents this far apart have no digit in common. */
static const int64_t FAR = 200;

static struct wide normal(double high, double low, int64_t exponent)
{
    const double sum = high + low;
    int e = 0;

    frexp(sum, &e);
    return (struct wide){scalbn(sum, -e), scalbn(low - (sum - high), -e), sum == 0 ? 0 : exponent + e};
}

/* a b without error. */
static double product_of_two(double a, double b, double *error)
{
    const double split = 134217729, pa = split * a, pb = split * b; /* 2^27 + 1 */
    const double ah = pa - (pa - a), al = a - ah, bh = pb - (pb - b), bl = b - bh, p = a * b;

    *error = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    return p;
}

static double sum_of_two(double a, double b, double *error)
{
    const double s = a + b, t = s - a;

    *error = (a - (s - t)) + (b - t);
    return s;
}

struct wide wide_product(struct wide a, struct wide b)
{
    double error;
    const double p = product_of_two(a.high, b.high, &error);

    return normal(p, error + (a.high * b.low + a.low * b.high), a.exponent + b.exponent);
}

struct wide wide_quotient(struct wide a, struct wide b)
{
    double error;
    const double q = a.high / b.high, p = product_of_two(q, b.high, &error);

    return normal(q, (((a.high - p) - error) + a.low - q * b.low) / b.high, a.exponent - b.exponent);
}

struct wide wide_sum(struct wide a, struct wide b)
{
    struct wide swap = a;
    double s, error, low, rest;
    int shift;

    if (a.high == 0 || (b.high != 0 && b.exponent > a.exponent)) {
        a = b;
        b = swap;
    }
    if (b.high == 0 || a.exponent - b.exponent > FAR)
        return a;
    shift = (int)(b.exponent - a.exponent);
    s = sum_of_two(a.high, scalbn(b.high, shift), &error);
    low = sum_of_two(a.low, scalbn(b.low, shift), &rest);
    /* What is left of two equal numbers is noise of the last digits: none. */
    if (fabs(s + (error + low)) < 0x1p-98)
        return (struct wide){0, 0, 0};
    a = normal(s, error + low, a.exponent);
    return normal(a.high, a.low + scalbn(rest, shift), a.exponent);
}

struct wide wide_power(struct wide a, uint64_t n)
{
    struct wide result = {0.5, 0, 1};

    for (; n; n >>= 1) {
        if (n & 1)
            result = wide_product(result, a);
        a = wide_product(a, a);
    }
    return result;
}

static struct wide of_whole(uint64_t m)
{
    const double high = (double)(m >> 11 << 11), low = (double)(m & 2047);

    return normal(high, low, 0);
}

struct wide wide_from_decimal(double x)
{
    char text[32];
    const struct wide ten = of_whole(10);
    struct wide result;
    uint64_t digits = 0;
    int64_t scale = 0;
    bool point = false;

    text_from_double(fabs(x), text);
    for (const char *c = text; *c; c++) {
        if (*c == 'e') {
            scale += strtoll(c + 1, NULL, 10);
            break;
        }
        if (*c == '.') {
            point = true;
            continue;
        }
        digits = 10 * digits + (uint64_t)(*c - '0');
        scale -= point;
    }
    result = of_whole(digits);
    if (scale > 0)
        result = wide_product(result, wide_power(ten, (uint64_t)scale));
    else if (scale < 0)
        result = wide_quotient(result, wide_power(ten, (uint64_t)-scale));
    if (x < 0)
        result = (struct wide){-result.high, -result.low, result.exponent};
    return result;
}

struct wide wide_root(struct wide a, uint64_t n, double guess)
{
    const struct wide y = normal(guess, 0, 0), minus = {-0.5, 0, 1};
    const struct wide power = wide_power(y, n);
    const struct wide miss = wide_sum(a, wide_product(power, minus));

    /* Newton: y + y (a - y^n) / (n y^n) */
    return wide_sum(y, wide_product(y, wide_quotient(miss, wide_product(power, of_whole(n)))));
}

double wide_to_double(struct wide a)
{
    const int64_t most = 4000, e = a.exponent > most ? most : a.exponent < -most ? -most : a.exponent;

    return scalbn(a.high + a.low, (int)e);
}

double wide_to_15_digits(struct wide a)
{
    char text[32];

    snprintf(text, sizeof text, "%.15g", wide_to_double(a));
    return strtod(text, NULL);
}
