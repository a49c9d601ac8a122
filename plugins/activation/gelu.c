/* gelu.c - the Gaussian error linear unit, exact and by its tanh approximation.
 *
 * The exact one needs P, the normal distribution function, with all its digits where it is
 * tiny. For a = |x|, P(-a) = exp(-a^2/2) t Q(t) with t = 1/(1 + 0.35 a): a smooth Q, fitted
 * below for a up to 15, where P(-a) is 0 in float. The tanh form is x sigmoid(2u), since
 * (1 + tanh u)/2 = sigmoid(2u).
 */
#include "fell/plugin.h"

struct gelu {
    int32_t approximate;
};

enum { EXACT, BY_TANH };

static const fell_param params[] = {
    FELL_ENUM(struct gelu, approximate, "none", "none|tanh",
              "Formula: none, by the normal distribution function, or tanh, an approximation of it."),
};

/* a, or END where it is above: beyond, nothing changes in float. */
static inline float at_most(float a, float end)
{
    return a > end ? end : a;
}

/* exp(-a^2/2) for 0 <= a <= 15. What a^2 loses to rounding is put right to first order; it is
 * found by cutting a into 12 and 12 bits (Dekker 1971). */
static inline float bell(float a)
{
    const float head = fell_float_(fell_bits_(a) & 0xfffff000u), tail = a - head, square = a * a;
    const float lost = ((head * head - square) + 2.0f * head * tail) + tail * tail;
    const float e = fell_exp(-0.5f * square);

    return e - e * (0.5f * lost);
}

/* P(-a) from exp(-a^2/2): Q by the Remez exchange in 40-digit arithmetic, relative error 3.2e-8. */
static inline float lower_tail(float a, float bell_of_a)
{
    const float t = 1.0f / (1.0f + 0.35f * a), t2 = t * t, t4 = t2 * t2;
    const float low = (1.39621259e-1f + 1.39864331e-1f * t) + t2 * (1.19815535e-1f + 1.05574665e-1f * t);
    const float high = (-2.32635471e-2f + 1.59392553e-1f * t) + t2 * (-2.55901606e-1f + 1.44060705e-1f * t);

    return bell_of_a * (t * (low + t4 * (high + t4 * -2.91639112e-2f)));
}

static inline float exact(const void *s, float x)
{
    const float a = at_most(fell_abs_(x), 15.0f), p = lower_tail(a, bell(a));

    (void)s;
    return x * (x > 0.0f ? 1.0f - p : p);
}

/* P(x) + x exp(-x^2/2) / sqrt(2 pi) */
static inline float exact_slope(const void *s, float x, float y)
{
    const float a = at_most(fell_abs_(x), 15.0f), e = bell(a), p = lower_tail(a, e);
    const float term = 0.398942280f * a * e;

    (void)s, (void)y;
    return x > 0.0f ? (1.0f - p) + term : p - term;
}

/* 2u = 2 sqrt(2/pi) (x + 0.044715 x^3) */
static inline float twice_u(float x)
{
    return x * (1.59576912f + 0.0713548163f * (x * x));
}

static inline float by_tanh(const void *s, float x)
{
    (void)s;
    return x * fell_sigmoid(twice_u(x));
}

/* p + x p (1-p) d(2u)/dx with p = sigmoid(2u), and 1-p = sigmoid(-2u) with all its digits;
 * the second term is 0 in float long before |x| = 15. */
static inline float by_tanh_slope(const void *s, float x, float y)
{
    const float a = at_most(fell_abs_(x), 15.0f), z = a * a;
    const float e = fell_exp(-twice_u(a)), near = 1.0f / (1.0f + e), far = e * near;
    const float term = a * (near * far) * (1.59576912f + 0.214064449f * z);

    (void)s, (void)y;
    return x > 0.0f ? near + term : far - term;
}

FELL_ELEMENTWISE(void, exact, exact_slope)
FELL_ELEMENTWISE(void, by_tanh, by_tanh_slope)

static fell_status forward(fell_activation_call *c)
{
    const struct gelu *s = c->settings;

    return s->approximate == BY_TANH ? by_tanh_forward(c) : exact_forward(c);
}

static fell_status backward(fell_activation_call *c)
{
    const struct gelu *s = c->settings;

    return s->approximate == BY_TANH ? by_tanh_backward(c) : exact_backward(c);
}

static const fell_activation gelu = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "gelu",
              "Gaussian error linear unit: each input times the probability of a normal number below it.\n\n"
              "y = x P(x) with P the normal distribution function, (1 + erf(x / sqrt(2))) / 2; dy/dx =\n"
              "P(x) + x exp(-x^2/2) / sqrt(2 pi). With `approximate: tanh`, P(x) is (1 + tanh(u)) / 2, u =\n"
              "sqrt(2/pi) (x + 0.044715 x^3). D. Hendrycks and K. Gimpel, \"Gaussian error linear units\n"
              "(GELUs)\", 2016. As PyTorch's GELU.",
              struct gelu, params),
    .yields = FELL_REAL, .forward = forward, .backward = backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &gelu.item);
