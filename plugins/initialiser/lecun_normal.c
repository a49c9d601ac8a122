/* lecun_normal.c - normal weights that keep the variance of signals. */
#include "fell/plugin.h"
#include "variance.h"

static fell_status fill(fell_init_call *c)
{
    if (variance_check(c) != FELL_OK)
        return FELL_ERROR;
    return variance_fill_normal(c, sqrt(1.0 / (double)c->fan_in));
}

static const fell_initialiser lecun_normal = {
    FELL_ITEM0(FELL_KIND_INITIALISER, fell_initialiser, "lecun_normal",
               "Normal weights with variance 1 / fan_in, for linear layers and selu.\n\n"
               "Standard deviation sqrt(1 / fan_in), not truncated. Y. LeCun et al.,\n"
               "\"Efficient BackProp\", 1998, section 4.6."),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &lecun_normal.item);
