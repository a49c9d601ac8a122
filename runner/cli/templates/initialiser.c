/* @.c - an initialiser: say how weights begin. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. */
struct settings {
    double gain;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, gain, 1, 0, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Factor of all numbers, above 0."),
};

/* Fill w[n]. Random numbers are the host's: fell_uniform in [0, 1), fell_normal. The
 * tensor's shape is c->shape, as PyTorch has it. */
static fell_status fill(fell_init_call *c)
{
    const struct settings *s = c->settings;
    const float bound = (float)(s->gain / sqrt((double)c->fan_in));

    fell_uniform(c->ctx, c->w, c->n);
    for (int64_t i = 0; i < c->n; i++)
        c->w[i] = bound * (2.0f * c->w[i] - 1.0f);
    return FELL_OK;
}

static const fell_initialiser item = {
    FELL_ITEM(FELL_KIND_INITIALISER, fell_initialiser, "@",
              "One sentence: how weights begin.\n\n"
              "w uniform between -b and b, b = gain / sqrt(fan_in). Say where it comes from.",
              struct settings, params),
    fill};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
