/* ones.c - every weight one. */
#include "fell/plugin.h"

static fell_status fill(fell_init_call *c)
{
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = 1.0f;
    return FELL_OK;
}

static const fell_initialiser ones = {
    FELL_ITEM0(FELL_KIND_INITIALISER, fell_initialiser, "ones",
               "Every number is 1: usual for factors.\n\n"
               "w = 1, for the weights of normalisations. Weights of a hidden layer must not all be equal,\n"
               "or its units stay equal for ever."),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &ones.item);
