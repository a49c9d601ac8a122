/* normal.c - weights around a mean. */
#include "fell/plugin.h"

struct normal {
    double mean, std;
};

static const fell_param params[] = {
    FELL_FLOAT(struct normal, mean, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Mean, any number."),
    FELL_FLOAT(struct normal, std, 1, 0, INFINITY, FELL_MAX_OPEN, "Standard deviation, 0 or more."),
};

static fell_status fill(fell_init_call *c)
{
    const struct normal *s = c->settings;

    fell_normal(c->ctx, c->w, c->n);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = (float)(s->mean + s->std * (double)c->w[i]);
    return FELL_OK;
}

static const fell_initialiser normal = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "normal",
              "Normal numbers with a given mean and deviation.\n\n"
              "w = mean + std z, z normal with mean 0 and deviation 1. Called normal in PyTorch.",
              struct normal, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &normal.item);
