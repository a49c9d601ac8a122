/* softplus.c - the smooth form of relu. */
#include "fell/plugin.h"

struct softplus {
    double beta, threshold;
};

static const fell_param params[] = {
    FELL_FLOAT(struct softplus, beta, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Sharpness of the bend at 0, above 0: the larger, the nearer to relu."),
    FELL_FLOAT(struct softplus, threshold, 20, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Where beta x is above this number, the input is returned as it is."),
};

/* log(1 + e^z) = max(z, 0) + log(1 + e^-|z|), which never overflows. */
static inline float smooth(const struct softplus *s, float x)
{
    const float z = x * (float)s->beta, end = (float)(s->threshold / s->beta);
    const float tail = fell_log1p(fell_exp(z < 0.0f ? z : -z));

    return x > end ? x : ((z < 0.0f ? 0.0f : z) + tail) * (float)(1.0 / s->beta);
}

static inline float slope(const struct softplus *s, float x, float y)
{
    const float end = (float)(s->threshold / s->beta);

    (void)y;
    return x > end ? 1.0f : fell_sigmoid(x * (float)s->beta);
}

FELL_ELEMENTWISE(struct softplus, smooth, slope)

static const fell_activation softplus = {
    FELL_ITEM(
        FELL_KIND_ACTIVATION, fell_activation, "softplus",
        "Smooth form of relu: positive everywhere, near 0 for negative and near x for positive inputs.\n\n"
        "y = log(1 + exp(beta x)) / beta, or x where beta x > threshold; dy/dx = sigmoid(beta x), or\n"
        "1 there. C. Dugas et al., \"Incorporating second-order functional knowledge for better\n"
        "option pricing\", NeurIPS 2000. As PyTorch's Softplus.",
        struct softplus, params),
    .yields = FELL_REAL, .forward = smooth_forward, .backward = smooth_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &softplus.item);
