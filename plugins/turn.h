/* turn.h - sine and cosine in double that have the same bits everywhere.
 *
 * libm picks its own code for each processor, so its last bits differ. Angles are
 * given in turns (1 = a full circle), where the reduction to an eighth of a
 * circle is exact.
 */
#ifndef PLUGINS_TURN_H
#define PLUGINS_TURN_H

#include <math.h>

/* Taylor series on [-pi/4, pi/4], where the first term left out is below 2^-56. */
static inline double turn_series_(double term, double square, int from)
{
    double sum = term;

    for (int k = from; k < from + 16; k += 2) {
        term *= -square / (double)(k * (k + 1));
        sum += term;
    }
    return sum;
}

/* The sine of TURNS full circles. */
static inline double turn_sin(double turns)
{
    const double pi = 3.14159265358979323846;
    const double quarters = 4.0 * (turns - floor(turns)); /* in [0, 4] */
    const double nearest = floor(quarters + 0.5);
    const double a = (quarters - nearest) * (pi / 2); /* in [-pi/4, pi/4] */

    switch ((int)nearest & 3) {
    case 0:
        return turn_series_(a, a * a, 2);
    case 1:
        return turn_series_(1.0, a * a, 1);
    case 2:
        return -turn_series_(a, a * a, 2);
    default:
        return -turn_series_(1.0, a * a, 1);
    }
}

static inline double turn_cos(double turns)
{
    return turn_sin(turns + 0.25);
}

#endif
