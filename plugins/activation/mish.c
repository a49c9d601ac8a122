/* mish.c - x tanh(softplus(x)).
 *
 * With e = exp(x) and n = e (e + 2), tanh(log(1 + e)) is n / (n + 2): nothing cancels, and one
 * exponential and one division are enough. Above 20 it is 1 in float, and e is not let further.
 */
#include "fell/plugin.h"

static inline float gate(const void *s, float x)
{
    const float e = fell_exp(x > 20.0f ? 20.0f : x), n = e * (e + 2.0f);

    (void)s;
    return x * (n / (n + 2.0f));
}

/* n' = 2 e (e + 1), so the gate's derivative is 2 n' / (n + 2)^2. */
static inline float slope(const void *s, float x, float y)
{
    const float t = x > 20.0f ? 20.0f : x, e = fell_exp(t), n = e * (e + 2.0f);
    const float r = 1.0f / (n + 2.0f);

    (void)s, (void)y;
    return r * (n + 4.0f * t * (e * (e + 1.0f)) * r);
}

FELL_ELEMENTWISE(void, gate, slope)

static const fell_activation mish = FELL_ACTIVATION(
    "mish",
    "Mish: each input times the tanh of its softplus.\n\n"
    "y = x tanh(log(1 + exp(x))). D. Misra, \"Mish: a self regularized non-monotonic activation\n"
    "function\", 2019. As PyTorch's Mish.",
    FELL_REAL, gate_forward, gate_backward);

FELL_PLUGIN("1.0", "Fellrunner, MIT", &mish.item);
