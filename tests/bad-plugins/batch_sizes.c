/* fails: batch sizes
 * Forward leaves the cubes behind max_batch rows of squares, backward looks for them behind the rows of
 * the batch. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->saved_bytes = 2 * p->max_batch * fell_size(&p->in[0]) * (int64_t)sizeof(float);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t d = fell_size(&c->plan->in[0]), n = c->batch * d;
    float *squares = c->saved, *cubes = squares ? squares + c->plan->max_batch * d : NULL;

    for (int64_t i = 0; i < n; i++) {
        const float x = c->x[0][i];

        if (squares) {
            squares[i] = 0.03f * x * x;
            cubes[i] = 0.04f * x * x * x;
        }
        c->y[i] = 0.01f * x * x * x + 0.01f * x * x * x * x;
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    const float *squares = c->saved, *cubes = squares + n;

    for (int64_t i = 0; i < n && c->dx[0]; i++)
        c->dx[0][i] = (squares[i] + cubes[i]) * c->dy[i];
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "A polynomial of each input."),
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
