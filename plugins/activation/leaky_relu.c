/* leaky_relu.c - the rectified linear unit that lets some of the negative side through. */
#include "fell/plugin.h"

struct leaky {
    double negative_slope;
};

static const fell_param params[] = {
    FELL_FLOAT(struct leaky, negative_slope, 0.01, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Slope for negative inputs, any number; usually between 0 and 1."),
};

static inline float leak(const struct leaky *s, float x)
{
    const float slope = (float)s->negative_slope;

    return x > 0.0f ? x : x * slope;
}

static inline float leak_slope(const struct leaky *s, float x, float y)
{
    const float slope = (float)s->negative_slope;

    (void)y;
    return x > 0.0f ? 1.0f : slope;
}

FELL_ELEMENTWISE(struct leaky, leak, leak_slope)

static const fell_activation leaky_relu = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "leaky_relu",
              "Leaky rectified linear unit: negative inputs are made small instead of zero.\n\n"
              "y = x for x > 0, else negative_slope x. A. Maas, A. Hannun and A. Ng, \"Rectifier\n"
              "nonlinearities improve neural network acoustic models\", ICML 2013.",
              struct leaky, params),
    .yields = FELL_REAL, .forward = leak_forward, .backward = leak_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &leaky_relu.item);
