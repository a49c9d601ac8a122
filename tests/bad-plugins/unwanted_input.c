/* fails: unwanted results
 * Looks at the first input's gradient to see whether the second one's is wanted. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = c->x[0][i] - c->x[1][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]) && c->dx[0]; i++) {
        c->dx[0][i] = c->dy[i];
        c->dx[1][i] = -c->dy[i];
    }
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Difference of its inputs."),
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .min_inputs = 2,
    .max_inputs = 2};

FELL_PLUGIN("1.0", "", &item.item);
