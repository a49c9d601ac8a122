/* gelu.c - the Gaussian error linear unit, exact (gelu.h) and by its tanh approximation.
 *
 * The tanh form is x sigmoid(2u), since (1 + tanh u)/2 = sigmoid(2u).
 */
#include "../gelu.h"

struct gelu {
    int32_t approximate;
};

enum { EXACT, BY_TANH };

static const fell_param params[] = {
    FELL_ENUM(struct gelu, approximate, "none", "none|tanh",
              "Formula: none, by the normal distribution function, or tanh, an approximation of it."),
};

static inline float exact(const void *s, float x)
{
    (void)s;
    return gelu_exact(x);
}

static inline float exact_slope(const void *s, float x, float y)
{
    (void)s, (void)y;
    return gelu_exact_slope(x);
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
    const float a = gelu_at_most(fell_abs_(x), 15.0f), z = a * a;
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
