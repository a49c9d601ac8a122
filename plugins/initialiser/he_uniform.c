/* he_uniform.c - uniform weights for layers before rectifiers. */
#include "fell/plugin.h"
#include "he.h"

static fell_status fill(fell_init_call *c)
{
    if (he_check(c) != FELL_OK)
        return FELL_ERROR;
    return variance_fill_uniform(c, sqrt(3.0 * he_variance(c)));
}

static const fell_initialiser he_uniform = {
    FELL_ITEM(
        FELL_KIND_INITIALISER, fell_initialiser, "he_uniform",
        "Uniform weights that keep the variance of signals through rectifiers.\n\n"
        "w in (-b, b), b = gain sqrt(3 / fan); gain is sqrt(2 / (1 + negative_slope^2)) for leaky_relu,\n"
        "sqrt(2) for relu, 5/3 for tanh, 3/4 for selu, else 1. Called\n"
        "kaiming_uniform in PyTorch. K. He et al., \"Delving deep into rectifiers\", ICCV 2015, section\n"
        "2.2.",
        struct he, he_params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &he_uniform.item);
