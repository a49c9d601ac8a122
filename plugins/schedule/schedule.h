/* schedule.h - rows of settings tables and half a wave, which schedules share. */
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include "../turn.h"
#include "fell/plugin.h"

/* S: the settings struct. */
#define SCHEDULE_GAMMA(S, def, flags, what)                                                                  \
    FELL_FLOAT(S, gamma, def, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN | (flags),                          \
               "Factor of each " what ", above 0; usually below 1.")
#define SCHEDULE_MINIMUM(S)                                                                                  \
    FELL_FLOAT(S, minimum, 0, 0, INFINITY, FELL_MAX_OPEN, "Learning rate at the bottom, 0 or more.")
#define SCHEDULE_PERIOD(S, def, flags, doc) FELL_INT(S, period, def, 1, 1LL << 40, flags, doc)

/* From FROM to TO along half a cosine wave, PART of it behind. */
static inline double schedule_glide(double from, double to, double part)
{
    return to + (from - to) * (1.0 + turn_cos(part / 2.0)) / 2.0;
}

#endif
