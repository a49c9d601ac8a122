/* he_normal.c - normal weights for layers before rectifiers. */
#include "fell/plugin.h"
#include "he.h"

static fell_status fill(fell_init_call *c)
{
    if (he_check(c) != FELL_OK)
        return FELL_ERROR;
    return variance_fill_normal(c, sqrt(he_variance(c)));
}

static const fell_initialiser he_normal = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "he_normal",
              "Normal weights that keep the variance of signals through rectifiers.\n\n"
              "Standard deviation gain / sqrt(fan), not truncated; gain is sqrt(2 / (1 + negative_slope^2))\n"
              "for leaky_relu, sqrt(2) for relu, 5/3 for tanh, 3/4 for selu, else 1. Called\n"
              "kaiming_normal in PyTorch. K. He et al., \"Delving deep into rectifiers\", ICCV 2015,\n"
              "section 2.2.",
              struct he, he_params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &he_normal.item);
