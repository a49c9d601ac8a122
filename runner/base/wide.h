/* wide.h - numbers of 31 decimal digits, with the same bits everywhere.
 *
 * For numbers in steps: a decimal as somebody wrote it (0.1 is one tenth, not the double next to it), some
 * products and sums of it, and the double that he would have written for the result. One value at a time.
 */
#ifndef BASE_WIDE_H
#define BASE_WIDE_H

#include <stdint.h>

/* (high + low) 2^exponent, |low| at most half a unit in the last place of high, which is 0 or has a
 * magnitude in [1/2, 1]. */
struct wide {
    double high, low;
    int64_t exponent;
};

/* What the shortest decimal text of the finite X says. */
struct wide wide_from_decimal(double x);

/* Relative errors below 1e-30; sums: relative to the larger of the two. */
struct wide wide_product(struct wide a, struct wide b);
struct wide wide_quotient(struct wide a, struct wide b); /* b is not 0 */
struct wide wide_sum(struct wide a, struct wide b);
struct wide wide_power(struct wide a, uint64_t n);

/* The Nth root of A > 0, N from 1 to 2^20, within 1e-18 of it, given a GUESS within 1e-12. */
struct wide wide_root(struct wide a, uint64_t n, double guess);

double wide_to_double(struct wide a);

/* The double of the decimal of 15 digits that is nearest to A. */
double wide_to_15_digits(struct wide a);

#endif
