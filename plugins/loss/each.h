/* each.h - losses that are a sum over elements, from a function of one prediction. */
#ifndef LOSS_EACH_H
#define LOSS_EACH_H

#include "../rows.h"
#include "fell/plugin.h"

/* From
 *     static inline float each(const S *s, float pred, float target, float *slope);
 * which returns the loss of one element and puts its derivative by pred into *slope,
 * make the callback NAME: the sum over all elements, weighed by their number. S is the
 * settings struct, void if there are none. Blocks let both loops vectorise: the one over
 * elements, then the sum. */
#define LOSS_EACH(S, name, each)                                                                             \
    FELL_KERNEL(name, fell_loss_call)                                                                        \
    {                                                                                                        \
        enum { BLOCK = 256 };                                                                                \
        const S *s = (const S *)c->settings;                                                                 \
        const int64_t n = c->rows * c->cols;                                                                 \
        float part[BLOCK];                                                                                   \
                                                                                                             \
        (void)s;                                                                                             \
        for (int64_t i = 0; i < n; i += BLOCK) {                                                             \
            const int64_t m = n - i < BLOCK ? n - i : BLOCK;                                                 \
            const float *pred = c->pred + i, *target = c->target + i;                                        \
            float *dpred = c->dpred + i;                                                                     \
                                                                                                             \
            FELL_EACH for (int64_t j = 0; j < m; j++) part[j] = each(s, pred[j], target[j], &dpred[j]);      \
            c->sum += rows_total(part, m);                                                                   \
        }                                                                                                    \
        c->weight = (double)n;                                                                               \
        return FELL_OK;                                                                                      \
    }

#endif
