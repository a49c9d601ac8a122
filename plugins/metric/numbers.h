/* numbers.h - what metrics of numbers tell. Included by plugins only. */
#ifndef PLUGINS_NUMBERS_H
#define PLUGINS_NUMBERS_H

#include "fell/plugin.h"

/* Once, before the first row: such metrics take outputs as they are, and those of a loss of logits are no
 * numbers to come close to. */
static inline void numbers_tell_raw(const fell_metric_call *c)
{
    if (c->rows == 0 && (c->pred_is == FELL_LOGIT || c->pred_is == FELL_LOGPROB))
        fell_warn(c->ctx, "the outputs are %s and are compared with the targets as they are",
                  c->pred_is == FELL_LOGIT ? "raw (logits)" : "logarithms");
}

#endif
