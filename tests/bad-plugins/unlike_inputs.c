/* fails: unlike inputs
 * Takes the size of the first input for that of the second. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = fell_vec(1);
    p->saved_bytes = fell_size(&p->in[0]) + fell_size(&p->in[1]);
    return FELL_OK;
}

static float sum_of(const float *x, int64_t n)
{
    float sum = 0.0f;

    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t row = 0; row < c->batch; row++)
        c->y[row] = sum_of(c->x[0] + row * n, n) + sum_of(c->x[1] + row * n, n);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    for (int64_t k = 0; k < 2; k++) {
        const int64_t n = fell_size(&c->plan->in[0]);

        for (int64_t i = 0; c->dx[k] && i < c->batch * n; i++)
            c->dx[k][i] = c->dy[i / n];
    }
    return FELL_OK;
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Sum of two inputs."),
                                .min_inputs = 2,
                                .max_inputs = 2,
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
