/* numbers.h - what metrics of numbers tell. Included by plugins only. */
#ifndef PLUGINS_NUMBERS_H
#define PLUGINS_NUMBERS_H

#include "../rows.h"
#include "weight.h"

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

/* eval(): OF_MEAN(the mean over all numbers of OF(prediction - target)), added up in a fixed order; NAN of
 * none. */
#define NUMBERS_MEAN(OF, OF_MEAN)                                                                            \
    static double weighted(const fell_metric_call *c)                                                        \
    {                                                                                                        \
        double sum = 0.0, all = 0.0;                                                                         \
                                                                                                             \
        for (int64_t i = 0; i < c->rows; i++) {                                                              \
            for (int64_t j = i * c->cols; j < (i + 1) * c->cols; j++)                                        \
                sum += metric_weight(c, i) * (double)OF(c->pred[j] - c->target[j]);                          \
            all += metric_weight(c, i);                                                                      \
        }                                                                                                    \
        return all > 0.0 ? OF_MEAN(sum / (all * (double)c->cols)) : (double)NAN;                             \
    }                                                                                                        \
                                                                                                             \
    FELL_KERNEL(eval, fell_metric_call)                                                                      \
    {                                                                                                        \
        enum { BLOCK = 256 };                                                                                \
        const int64_t n = c->rows * c->cols;                                                                 \
        float error[BLOCK];                                                                                  \
        double sum = 0.0;                                                                                    \
                                                                                                             \
        numbers_tell_raw(c);                                                                                 \
        if (c->weight) {                                                                                     \
            *c->value = weighted(c);                                                                         \
            return FELL_OK;                                                                                  \
        }                                                                                                    \
        for (int64_t i = 0; i < n; i += BLOCK) {                                                             \
            const int64_t m = n - i < BLOCK ? n - i : BLOCK;                                                 \
            const float *pred = c->pred + i, *target = c->target + i;                                        \
                                                                                                             \
            FELL_EACH for (int64_t j = 0; j < m; j++) error[j] = OF(pred[j] - target[j]);                    \
            sum += rows_total(error, m);                                                                     \
        }                                                                                                    \
        *c->value = n ? OF_MEAN(sum / (double)n) : (double)NAN;                                              \
        return FELL_OK;                                                                                      \
    }

#endif
