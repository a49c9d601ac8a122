/* he_normal.c - normal weights for layers before rectifiers. */
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
    return variance_fill_normal(
        c, sqrt(2.0 / ((1.0 + s->negative_slope * s->negative_slope) * (double)c->fan_in)));
}

static const fell_initialiser he_normal = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "he_normal",
              "Normal weights that keep the variance of signals through rectifiers.\n\n"
              "Standard deviation sqrt(2 / ((1 + negative_slope^2) fan_in)), not truncated, as\n"
              "PyTorch's kaiming_normal with mode fan_in. K. He et al., \"Delving deep into rectifiers\",\n"
              "ICCV 2015, section 2.2.",
              struct he, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &he_normal.item);
