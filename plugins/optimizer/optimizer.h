/* optimizer.h - what the optimizers share: rows of their settings tables, the gradient with
 * its L2 penalty, and the step of adam and adamw.
 *
 * Included by optimizers alone. Names, defaults, ranges and order of operations are PyTorch's
 * (torch.optim); scalars of a step are computed once a call, in double. A quotient such as
 * m / (sqrt(v) / root + epsilon) is taken as root m / (sqrt(v) + root epsilon), which saves a
 * division a weight.
 */
#ifndef OPTIMIZER_OPTIMIZER_H
#define OPTIMIZER_OPTIMIZER_H

#include "../power.h"
#include "fell/plugin.h"

/* ---- rows of a settings table; S: the settings struct, DEF: the default ------------ */

#define OPTIMIZER_LR(S, def) FELL_FLOAT(S, lr, def, 0, INFINITY, FELL_MAX_OPEN, "Learning rate, 0 or more.")
#define OPTIMIZER_BETA1(S)                                                                                   \
    FELL_FLOAT(S, beta1, 0.9, 0, 1, FELL_MAX_OPEN,                                                           \
               "Share of the running mean of gradients that each step keeps, in [0, 1).")
#define OPTIMIZER_BETA2(S)                                                                                   \
    FELL_FLOAT(S, beta2, 0.999, 0, 1, FELL_MAX_OPEN,                                                         \
               "Share of the running mean of squared gradients that each step keeps, in [0, 1).")
#define OPTIMIZER_EPSILON(S, def)                                                                            \
    FELL_FLOAT(S, epsilon, def, 0, INFINITY, FELL_MAX_OPEN,                                                  \
               "Added to the divisor against division by zero, 0 or more.")
#define OPTIMIZER_L2(S)                                                                                      \
    FELL_FLOAT(S, weight_decay, 0, 0, INFINITY, FELL_MAX_OPEN,                                               \
               "Factor of the weights that is added to their gradient (L2 penalty), 0 or more.")
#define OPTIMIZER_DECAY(S, def)                                                                              \
    FELL_FLOAT(S, weight_decay, def, 0, INFINITY, FELL_MAX_OPEN,                                             \
               "Share of the weights, times the learning rate, that each step takes off, 0 or more.")
#define OPTIMIZER_DECOUPLED(S)                                                                               \
    FELL_BOOL(S, decoupled, false,                                                                           \
              "Take weight_decay, times the learning rate, off the weights themselves instead of adding it " \
              "to their gradient, true or false.")
#define OPTIMIZER_MAXIMIZE(S)                                                                                \
    FELL_BOOL(S, maximize, false, "Climb along the gradient instead of descending, true or false.")

/* ---- the gradient --------------------------------------------------------------------- */

/* Factor of the gradient. */
static inline float optimizer_sign(bool maximize)
{
    return maximize ? -1.0f : 1.0f;
}

/* +1, -1, or X itself where it is 0 or NaN. */
FELL_INLINE float optimizer_sign_of(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

/* ---- adam and adamw ---------------------------------------------------------------------- */

struct adam {
    double lr, beta1, beta2, epsilon, weight_decay;
    bool amsgrad, maximize;
};

#define ADAM_AMSGRAD                                                                                         \
    FELL_BOOL(struct adam, amsgrad, false,                                                                   \
              "Divide by the largest mean of squares so far instead of the latest, true or false.")

#define ADAM_MEAN                                                                                            \
    {                                                                                                        \
        "m", "The running mean of the gradients.", NULL, 0, NULL                                             \
    }
#define ADAM_SQUARE                                                                                          \
    {                                                                                                        \
        "v", "The running mean of their squares.", NULL, 0, NULL                                             \
    }
#define ADAM_TOP                                                                                             \
    {                                                                                                        \
        "v_max", "The largest v so far.", "amsgrad", 0, NULL                                                 \
    }

/* DECOUPLED: the decay acts on the weights (adamw), not on their gradient. TOP: amsgrad's
 * largest squares, or NULL. Both are constants to the compiler. */
FELL_INLINE void adam_loop_(fell_optimizer_call *c, bool decoupled, float *top)
{
    const struct adam *s = c->settings;
    const double root = sqrt(1.0 - power_whole(s->beta2, c->t));
    const float rate = (float)(c->lr * root / (1.0 - power_whole(s->beta1, c->t)));
    const float beta1 = (float)s->beta1, rest1 = (float)(1.0 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1.0 - s->beta2);
    const float epsilon = (float)(s->epsilon * root), sign = optimizer_sign(s->maximize);
    const float decay = (float)s->weight_decay, shrink = (float)(c->lr * s->weight_decay);
    const int64_t n = c->n;
    const float *g = c->g;
    float *w = c->w, *m = c->slot[0], *v = c->slot[1];

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        const float d = decoupled ? sign * g[i] : sign * g[i] + decay * w[i];
        const float off = decoupled ? shrink * w[i] : 0.0f;
        float square = beta2 * v[i] + rest2 * d * d;

        m[i] = beta1 * m[i] + rest1 * d;
        v[i] = square;
        if (top)
            top[i] = square = square > top[i] ? square : top[i];
        w[i] -= off + rate * m[i] / (sqrtf(square) + epsilon);
    }
}

/* m = beta1 m + (1-beta1) g, v = beta2 v + (1-beta2) g^2, and w -= lr m/(1-beta1^t) /
 * (sqrt(v/(1-beta2^t)) + epsilon), with the largest v so far if amsgrad. */
FELL_INLINE fell_status adam_step(fell_optimizer_call *c, bool decoupled)
{
    if (c->slot[2])
        adam_loop_(c, decoupled, c->slot[2]);
    else
        adam_loop_(c, decoupled, NULL);
    return FELL_OK;
}

#endif
