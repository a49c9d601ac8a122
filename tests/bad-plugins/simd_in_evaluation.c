/* fails: SIMD levels
 * In evaluation it sums in two lanes where there is SIMD. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(1);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]), lanes = c->ctx->simd && !c->training ? 2 : 1;

    for (int64_t row = 0; row < c->batch; row++) {
        float sum[2] = {0.0f, 0.0f};

        for (int64_t i = 0; i < n; i++)
            sum[i % lanes] += c->x[0][row * n + i];
        c->y[row] = sum[0] + sum[1];
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; c->dx[0] && i < c->batch * n; i++)
        c->dx[0][i] = c->dy[i / n];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Sum of the inputs."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
