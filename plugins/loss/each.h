/* each.h - losses that are a sum over elements, from a function of one prediction, and the setting `weight`:
 * how much each output counts. */
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

/* The setting of a struct S for LOSS_EACH_WEIGHED. */
#define LOSS_WEIGHT(S)                                                                                       \
    FELL_FLOATS(S, weight, "[]", 0, INFINITY, FELL_MAX_OPEN,                                                 \
                "How much each output counts, a factor from 0 up for each; empty: all the same.")

/* Settings of a loss that has no other. */
struct weighed {
    fell_floats weight;
};

/* The sum of the factors of the outputs, of which there must be one for each; 0: an error was told. */
static inline double loss_weights(const fell_loss_call *c, const fell_floats *weight)
{
    double total = 0.0;

    if (weight->n != c->cols) {
        fell_fail(c->ctx, "weight: %lld value%s for %lld output%s; it takes one for each",
                  (long long)weight->n, weight->n == 1 ? "" : "s", (long long)c->cols,
                  c->cols == 1 ? "" : "s");
        return 0.0;
    }
    for (int64_t j = 0; j < weight->n; j++)
        total += (double)(float)weight->v[j]; /* as it is used */
    if (total > 0.0 && total - total == 0.0)
        return total;
    if (total > 0.0)
        fell_fail(c->ctx, "weight: a factor is too large for a 32-bit float");
    else
        fell_fail(c->ctx, "weight: all outputs have the weight 0 as 32-bit floats, so that nothing would be "
                          "learnt");
    return 0.0;
}

/* As LOSS_EACH, of settings S with a `weight`: what is weighed is divided by the number of elements where
 * COUNTED, as in PyTorch's binary cross-entropies and huber_loss, else by the weights, as in its mse_loss and
 * l1_loss. */
#define LOSS_EACH_WEIGHED(S, name, each, counted)                                                            \
    LOSS_EACH(S, name##_alike, each)                                                                         \
    FELL_KERNEL(name##_apart, fell_loss_call)                                                                \
    {                                                                                                        \
        enum { BLOCK = 256 };                                                                                \
        const S *s = (const S *)c->settings;                                                                 \
        const double *weight = s->weight.v;                                                                  \
        float part[BLOCK];                                                                                   \
                                                                                                             \
        for (int64_t i = 0; i < c->rows; i++)                                                                \
            for (int64_t j = 0; j < c->cols; j += BLOCK) {                                                   \
                const int64_t m = c->cols - j < BLOCK ? c->cols - j : BLOCK, at = i * c->cols + j;           \
                const float *pred = c->pred + at, *target = c->target + at;                                  \
                float *dpred = c->dpred + at;                                                                \
                                                                                                             \
                FELL_EACH for (int64_t k = 0; k < m; k++)                                                    \
                {                                                                                            \
                    float slope;                                                                             \
                                                                                                             \
                    part[k] = (float)weight[j + k] * each(s, pred[k], target[k], &slope);                    \
                    dpred[k] = (float)weight[j + k] * slope;                                                 \
                }                                                                                            \
                c->sum += rows_total(part, m);                                                               \
            }                                                                                                \
        return FELL_OK;                                                                                      \
    }                                                                                                        \
    static fell_status name(fell_loss_call *c)                                                               \
    {                                                                                                        \
        const fell_floats *weight = &((const S *)c->settings)->weight;                                       \
        double total;                                                                                        \
                                                                                                             \
        if (!weight->n)                                                                                      \
            return name##_alike(c);                                                                          \
        total = loss_weights(c, weight);                                                                     \
        if (!(total > 0.0))                                                                                  \
            return FELL_ERROR;                                                                               \
        c->weight = (double)c->rows * ((counted) ? (double)c->cols : total);                                 \
        return name##_apart(c);                                                                              \
    }

#endif
