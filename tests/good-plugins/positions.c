/* Whole numbers in, rows of a table out, and no input gradient ever. */
#include "fell/plugin.h"

static const fell_tensor tensors[] = {{"table", "[5, 3].", "normal", FELL_WEIGHT}};

static fell_status plan(fell_plan *p)
{
    p->out = fell_mat(fell_size(&p->in[0]), 3);
    p->tensor[0] = fell_mat(5, 3);
    p->indices = 5;
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]); i++)
        memcpy(c->y + 3 * i, c->tensor[0] + 3 * (int64_t)c->x[0][i], 3 * sizeof *c->y);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; i < 3 * c->batch * fell_size(&c->plan->in[0]) && c->grad[0]; i++)
        c->grad[0][3 * (int64_t)c->x[0][i / 3] + i % 3] += c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "A table of rows."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward,
                                .tensors = tensors,
                                .ntensors = 1};

FELL_PLUGIN("1.0", "", &item.item);
