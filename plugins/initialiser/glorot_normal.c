/* glorot_normal.c - normal weights for layers between sigmoid-like units. */
#include "fell/plugin.h"
#include "glorot.h"

static fell_status fill(fell_init_call *c)
{
    const struct glorot *s = c->settings;

    if (variance_check(c) != FELL_OK)
        return FELL_ERROR;
    return variance_fill_normal(c, s->gain * sqrt(2.0 / (double)(c->fan_in + c->fan_out)));
}

static const fell_initialiser glorot_normal = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "glorot_normal",
              "Normal weights that keep the variance of signals and of gradients about equal.\n\n"
              "Standard deviation gain sqrt(2 / (fan_in + fan_out)), not truncated. X. Glorot and\n"
              "Y. Bengio, \"Understanding the difficulty of training deep feedforward neural networks\",\n"
              "AISTATS 2010, equation 16.",
              struct glorot, glorot_params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &glorot_normal.item);
