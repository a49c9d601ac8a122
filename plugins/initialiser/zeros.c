/* zeros.c - every weight zero. */
#include "fell/plugin.h"

static fell_status fill(fell_init_call *c)
{
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = 0.0f;
    return FELL_OK;
}

static const fell_initialiser zeros = {
    FELL_ITEM0(FELL_KIND_INITIALISER, fell_initialiser, "zeros",
               "Every number is 0: usual for biases.\n\n"
               "w = 0. Weights of a hidden layer must not all be equal, or its units stay equal for ever."),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &zeros.item);
