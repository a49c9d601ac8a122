/* glorot_uniform.c - uniform weights for layers between sigmoid-like units. */
#include "fell/plugin.h"
#include "glorot.h"

static fell_status fill(fell_init_call *c)
{
    const struct glorot *s = c->settings;

    if (variance_check(c) != FELL_OK)
        return FELL_ERROR;
    return variance_fill_uniform(c, s->gain * sqrt(6.0 / (double)(c->fan_in + c->fan_out)));
}

static const fell_initialiser glorot_uniform = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "glorot_uniform",
              "Uniform weights that keep the variance of signals and of gradients about equal.\n\n"
              "w in (-b, b), b = gain sqrt(6 / (fan_in + fan_out)). X. Glorot and\n"
              "Y. Bengio, \"Understanding the difficulty of training deep feedforward neural networks\",\n"
              "AISTATS 2010, equation 16.",
              struct glorot, glorot_params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &glorot_uniform.item);
