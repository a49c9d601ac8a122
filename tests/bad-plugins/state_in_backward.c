/* fails: evaluation
 * Counts batches in backward, which a probe calls in evaluation, too. */
#include "bad.h"

static const fell_tensor tensors[] = {{"count", "Batches.", "zeros", FELL_STATE}};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(1);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->y[i] = 2.0f * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; c->dx[0] && i < c->batch * fell_size(&c->plan->in[0]); i++)
        c->dx[0][i] = 2.0f * c->dy[i];
    c->tensor[0][0] += 1.0f;
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Doubles its input, and counts."),
    .tensors = tensors,
    .ntensors = 1,
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
