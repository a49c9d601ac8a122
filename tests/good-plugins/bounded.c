/* Bounds that it promises, with a setting that moves no bound, and a corner in the middle. */
#include "fell/plugin.h"

struct settings {
    double slope;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, slope, 1, 0.1, 10, 0, "Slope below 0, beside that of 1 above it."),
};

static float value(const struct settings *s, float x)
{
    const float v = x < 0.0f ? (float)s->slope * x : x;

    return v / (1.0f + fabsf(v));
}

static float slope(const struct settings *s, float x, float y)
{
    const float inside = x < 0.0f ? (float)s->slope : 1.0f;

    return inside * (1.0f - fabsf(y)) * (1.0f - fabsf(y));
}

FELL_ELEMENTWISE(struct settings, value, slope)

static const fell_activation item = {FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "good",
                                               "Softsign with a slope of its own below 0.", struct settings,
                                               params),
                                     0,
                                     FELL_REAL,
                                     value_forward,
                                     value_backward,
                                     -1.0,
                                     1.0};

FELL_PLUGIN("1.0", "", &item.item);
