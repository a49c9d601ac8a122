/* @.c - an activation: say what it does. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. */
struct settings {
    double slope;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, slope, 0.1, 0, INFINITY, FELL_MAX_OPEN,
               "Slope for negative inputs, from 0 up."),
};

/* y of one number. Take exp, tanh and the like from fell/math.h: fell_exp, fell_tanh. */
static inline float value(const struct settings *s, float x)
{
    return x > 0.0f ? x : (float)s->slope * x;
}

/* dy/dx there; y is what value() gave. */
static inline float derivative(const struct settings *s, float x, float y)
{
    (void)y;
    return x > 0.0f ? 1.0f : (float)s->slope;
}

/* Makes value_forward and value_backward: loops for every SIMD level. */
FELL_ELEMENTWISE(struct settings, value, derivative)

static const fell_activation item = {
    .item = FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "@",
                      "One sentence: what it does.\n\n"
                      "y = x for x > 0, else slope x. Say where the formula comes from.",
                      struct settings, params),
    .yields = FELL_REAL,
    .forward = value_forward,
    .backward = value_backward};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
