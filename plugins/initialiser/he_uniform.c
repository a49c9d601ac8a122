/* he_uniform.c - uniform weights for layers before rectifiers. */
#include "fell/plugin.h"
#include "variance.h"

struct he {
    double negative_slope;
};

static const fell_param params[] = {
    FELL_FLOAT(struct he, negative_slope, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Slope for negative inputs of the activation that follows, any number: 0 for relu."),
};

static fell_status fill(fell_init_call *c)
{
    const struct he *s = c->settings;

    if (variance_check(c) != FELL_OK)
        return FELL_ERROR;
    return variance_fill_uniform(
        c, sqrt(6.0 / ((1.0 + s->negative_slope * s->negative_slope) * (double)c->fan_in)));
}

static const fell_initialiser he_uniform = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "he_uniform",
              "Uniform weights that keep the variance of signals through rectifiers.\n\n"
              "w in (-b, b), b = sqrt(6 / ((1 + negative_slope^2) fan_in)), as PyTorch's\n"
              "kaiming_uniform with mode fan_in. K. He et al., \"Delving deep into rectifiers\",\n"
              "ICCV 2015, section 2.2.",
              struct he, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &he_uniform.item);
