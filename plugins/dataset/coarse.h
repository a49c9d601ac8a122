/* coarse.h - targets that lie nearer each other than 32-bit floats do. Included by datasets that read
 * doubles; the host tells the same of inputs.
 */
#ifndef DATASET_COARSE_H
#define DATASET_COARSE_H

#include "fell/plugin.h"

/* WHOSE numbers go from MIN to MAX, and some are no floats (ROUNDS): tell of them, if fewer than 1000 floats
 * lie between. */
static inline void coarse_tell(fell_ctx *ctx, const char *whose, double min, double max, bool rounds)
{
    const float end = (float)(fabs(min) > fabs(max) ? fabs(min) : fabs(max));
    const double step = (double)nextafterf(end, INFINITY) - (double)end;

    if (rounds && max > min && max - min < 1000.0 * step)
        fell_warn(ctx,
                  "%s, %.15g to %.15g, become 32-bit floats, which are %g apart there: values that differ by "
                  "less become one; subtract what they share",
                  whose, min, max, step);
}

#endif
