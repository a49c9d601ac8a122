/* power.h - whole powers in double, by multiplication alone.
 *
 * libm's pow() differs in the last bit from one version to the next; this does
 * not. Used by adam and the schedules.
 */
#ifndef PLUGINS_POWER_H
#define PLUGINS_POWER_H

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

#endif
