/* @.c - a transform of the data: say what it does. */
#include <fell/plugin.h>

/* What a spec can set; the fields' names are the keys in YAML. */
struct settings {
    double factor;
};

static const fell_param params[] = {
    FELL_FLOAT(struct settings, factor, 1, -INFINITY, INFINITY, FELL_MIN_OPEN | FELL_MAX_OPEN,
               "Factor, any number."),
};

/* From the shape of a row to that of a transformed row. */
static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    const float factor = (float)((const struct settings *)c->settings)->factor;
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < n; i++)
        c->y[i] = factor * c->x[0][i];
    return FELL_OK;
}

/* A transform is a layer without backward. One that learns from the training rows has
 * tensors of role FELL_STATE and a function fit: see fell/plugin.h, section 10. */
static const fell_layer item = {.item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "@",
                                                  "One sentence: what it does.\n\ny = factor x.",
                                                  struct settings, params),
                                .plan = plan,
                                .forward = forward};

FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
