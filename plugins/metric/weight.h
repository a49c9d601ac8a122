/* weight.h - how much a row counts in a metric. Included by plugins only. */
#ifndef METRIC_WEIGHT_H
#define METRIC_WEIGHT_H

#include "fell/plugin.h"

static inline double metric_weight(const fell_metric_call *c, int64_t i)
{
    return c->weight ? (double)c->weight[i] : 1.0;
}

#endif
