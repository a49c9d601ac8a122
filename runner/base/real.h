/* real.h - exp, log and the normal quantile in double, with the same bits everywhere.
 *
 * For values that are recorded and decide something, like the settings that a sweep
 * draws: libm's own differ from one version and processor to the next. One value at a time;
 * the functions of loops are in fell/math.h, in float.
 */
#ifndef BASE_REAL_H
#define BASE_REAL_H

double real_exp(double x); /* within 2 ulp where the result is normal; 0 below, inf above */
double real_log(double x); /* within 2 ulp; -inf at 0, NaN below */

/* The x below which a standard normal number lies with probability P: -inf at 0, inf at 1, NaN outside.
 * Relative error below 1e-14 for p and 1 - p above 1e-15, below 1e-10 further out. */
double real_normal_quantile(double p);

#endif
