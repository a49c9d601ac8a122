/* fails: SIMD levels
 * Adds eight products at a time where the machine can, and one by one elsewhere: rows of up to seven
 * numbers show nothing. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(1);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch; i++) {
        const float *x = c->x[0] + i * n;
        float lane[8] = {0}, sum = 0.0f;
        int64_t j = 0;

        for (; c->ctx->simd >= FELL_SIMD_AVX2 && j + 32 <= n; j++)
            lane[j % 8] += x[j];
        for (; j < n; j++)
            sum += x[j];
        for (int k = 0; k < 8; k++)
            sum += lane[k];
        c->y[i] = sum;
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n && c->dx[0]; i++)
        c->dx[0][i] = c->dy[i / n];
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Sum of its inputs."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
