/* @.c - a layer: say what it does. */
#include <fell/plugin.h>
struct settings { /* what a spec can set; the fields' names are the keys in YAML */
    double gain;
};
static const fell_param params[] = {
    FELL_FLOAT(struct settings, gain, 1, -1e6, 1e6, 0, "Factor of all outputs, from -1e6 to 1e6."),
};

/* What it learns: name, doc, how it begins, role. */
static const fell_tensor tensors[] = {{"weight", "Factor of each input: [inputs].", "ones", FELL_WEIGHT}};

static fell_status plan(fell_plan *p) /* shapes of an output row and of the tensors */
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(fell_size(&p->in[0]));
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    const float gain = (float)((const struct settings *)c->settings)->gain;
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = gain * c->tensor[0][i % n] * c->x[0][i];
    return FELL_OK;
}

/* grad is added to, dx is set; either may be NULL: not wanted. */
FELL_KERNEL(backward, fell_layer_call)
{
    const float gain = (float)((const struct settings *)c->settings)->gain;
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; c->grad[0] && i < c->batch * n; i++)
        c->grad[0][i % n] += gain * c->dy[i] * c->x[0][i];
    for (int64_t i = 0; c->dx[0] && i < c->batch * n; i++)
        c->dx[0][i] = gain * c->tensor[0][i % n] * c->dy[i];
    return FELL_OK;
}
static const fell_layer item = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "@", "One sentence: what it does.", struct settings, params),
    .tensors = tensors, .ntensors = 1, .plan = plan, .forward = forward, .backward = backward};
FELL_PLUGIN("1.0", "Your name, your licence", &item.item);
