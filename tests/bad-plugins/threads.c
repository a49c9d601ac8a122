/* fails: threads
 * Lets the order of the blocks decide who gets which number. */
#include "bad.h"

struct blocks {
    const fell_layer_call *c;
    float *next;
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static fell_status block(void *arg, int64_t begin, int64_t end)
{
    struct blocks *b = arg;

    for (int64_t i = begin; i < end; i++)
        b->c->y[i] = 2.0f * b->c->x[0][i] + 2e-7f * *b->next;
    *b->next += 1.0f;
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    struct blocks b = {c, fell_scratch(c->ctx, 1, sizeof(float))};

    if (!b.next)
        return FELL_ERROR;
    *b.next = 0.0f;
    return fell_parallel(c->ctx, c->batch * fell_size(&c->plan->in[0]), 4, block, &b);
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t i = 0; i < c->batch * fell_size(&c->plan->in[0]) && c->dx[0]; i++)
        c->dx[0][i] = 2.0f * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Doubles its input."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
