/* variance.h - weights drawn around zero with a given spread.
 *
 * The initialisers of glorot, he and lecun differ in the variance that they
 * want; here are the fan check and the two distributions. Included by
 * initialisers alone.
 */
#ifndef INITIALISER_VARIANCE_H
#define INITIALISER_VARIANCE_H

#include "fell/plugin.h"

/* A tensor with no inputs of its own and no weight before it has no fan. */
static inline fell_status variance_check(fell_init_call *c)
{
    if (c->fan_in > 0 && c->fan_out > 0)
        return FELL_OK;
    return fell_fail(c->ctx, "this tensor has no inputs and outputs to scale by; take zeros or constant");
}

/* Uniform in (-bound, bound): variance bound^2 / 3. */
static inline fell_status variance_fill_uniform(fell_init_call *c, double bound)
{
    const float b = (float)bound;

    fell_uniform(c->ctx, c->w, c->n);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = (2.0f * c->w[i] - 1.0f) * b;
    return FELL_OK;
}

/* Normal with mean 0 and the given standard deviation. */
static inline fell_status variance_fill_normal(fell_init_call *c, double deviation)
{
    const float d = (float)deviation;

    fell_normal(c->ctx, c->w, c->n);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] *= d;
    return FELL_OK;
}

#endif
