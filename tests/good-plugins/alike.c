/* One input times the sigmoid of another; its author did not think of inputs of two sizes, which is a
 * warning. */
#include <fell/plugin.h>

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = c->x[0][i] * fell_sigmoid(c->x[1][i]);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++) {
        const float gate = fell_sigmoid(c->x[1][i]);

        if (c->dx[0])
            c->dx[0][i] = c->dy[i] * gate;
        if (c->dx[1])
            c->dx[1][i] = c->dy[i] * c->x[0][i] * gate * (1.0f - gate);
    }
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "alike", "A gate."),
                                .min_inputs = 2,
                                .max_inputs = 2,
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
