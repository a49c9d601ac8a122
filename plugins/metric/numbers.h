/* numbers.h - what metrics of numbers tell. Included by plugins only. */
#ifndef PLUGINS_NUMBERS_H
#define PLUGINS_NUMBERS_H

#include "fell/plugin.h"

/* Once, before the first row: such metrics take outputs as they are, and those that mean something else
 * than the targets (logits, logarithms, hinge's margins) are no numbers to come close to. */
static inline void numbers_tell_raw(const fell_metric_call *c)
{
    const bool logs = c->pred_is == FELL_LOGPROB || c->pred_is == FELL_LOG;
    const bool margins = c->pred_is == FELL_REAL && c->target_is == FELL_YES_NO && c->cut != c->target_cut;

    if (c->rows == 0 && (c->pred_is == FELL_LOGIT || logs || margins))
        fell_warn(c->ctx, "the outputs are %s and are compared with the targets as they are",
                  logs      ? "logarithms"
                  : margins ? "margins around 0"
                            : "raw (logits)");
}

#endif
