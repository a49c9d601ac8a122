/* constant.c - every weight the same given number. */
#include "fell/plugin.h"

struct constant {
    double value;
};

static const fell_param params[] = {
    FELL_FLOAT(struct constant, value, 0, -INFINITY, INFINITY, FELL_REQUIRED | FELL_MIN_OPEN | FELL_MAX_OPEN,
               "The number that fills the tensor, any number."),
};

static fell_status fill(fell_init_call *c)
{
    const struct constant *s = c->settings;

    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = (float)s->value;
    return FELL_OK;
}

static const fell_initialiser constant = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "constant",
              "Every number is the same given one.\n\n"
              "w = value, for biases and slopes. Weights of a hidden layer must not all be equal, or its\n"
              "units stay equal for ever.",
              struct constant, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &constant.item);
