/* glorot.h - settings that glorot_uniform and glorot_normal share. */
#ifndef INITIALISER_GLOROT_H
#define INITIALISER_GLOROT_H

#include "variance.h"

struct glorot {
    double gain;
};

static const fell_param glorot_params[] = {
    FELL_FLOAT(struct glorot, gain, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Factor for the activation that follows, above 0: 1 for linear and sigmoid, 5/3 for tanh."),
};

#endif
