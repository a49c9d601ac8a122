/* elu.c - the exponential linear unit. */
#include "fell/plugin.h"

struct elu {
    double alpha;
};

static const fell_param params[] = {
    FELL_FLOAT(struct elu, alpha, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Negative inputs go down to -alpha, any number; usually above 0."),
};

static inline float bend(const struct elu *s, float x)
{
    const float alpha = (float)s->alpha;

    return x > 0.0f ? x : alpha * fell_expm1(x);
}

/* Not y + alpha, which loses all digits where y is near -alpha. */
static inline float slope(const struct elu *s, float x, float y)
{
    const float alpha = (float)s->alpha;

    (void)y;
    return x > 0.0f ? 1.0f : alpha * fell_exp(x);
}

FELL_ELEMENTWISE(struct elu, bend, slope)

static const fell_activation elu = {
    FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "elu",
              "Exponential linear unit: negative inputs bend down to -alpha.\n\n"
              "y = x for x > 0, else alpha (exp(x) - 1); dy/dx = 1, else alpha exp(x). D. Clevert,\n"
              "T. Unterthiner and S. Hochreiter, \"Fast and accurate deep network learning by exponential\n"
              "linear units\", ICLR 2016. As PyTorch's ELU.",
              struct elu, params),
    .yields = FELL_REAL, .forward = bend_forward, .backward = bend_backward};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &elu.item);
