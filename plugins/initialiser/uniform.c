/* uniform.c - weights anywhere between two numbers. */
#include "fell/plugin.h"

struct uniform {
    double min, max;
};

static const fell_param params[] = {
    FELL_FLOAT(struct uniform, min, 0, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Lower end, any number."),
    FELL_FLOAT(struct uniform, max, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Upper end, not below min."),
};

static fell_status fill(fell_init_call *c)
{
    const struct uniform *s = c->settings;

    if (s->max < s->min)
        return fell_fail(c->ctx, "max: %g is below min, %g", s->max, s->min);
    fell_uniform(c->ctx, c->w, c->n);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = (float)(s->min + (s->max - s->min) * (double)c->w[i]);
    return FELL_OK;
}

static const fell_initialiser uniform = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "uniform",
              "Numbers spread evenly between two ends.\n\n"
              "w in [min, max]. Called uniform in PyTorch, with the ends a and b.",
              struct uniform, params),
    fill};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &uniform.item);
