/* fails: gaps
 * The mean that it fills gaps with is one of all rows, those with a gap included. */
#include "bad.h"

static const fell_tensor tensors[] = {{"mean", "Of each input: [inputs].", "zeros", FELL_STATE}};

static fell_status plan(fell_plan *p)
{
    p->out = p->tensor[0] = p->in[0];
    return FELL_OK;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t j = 0; j < n; j++) {
        double sum = 0.0;

        for (int64_t row = 0; row < c->batch; row++)
            sum += (double)c->x[0][row * n + j];
        c->tensor[0][j] = (float)(sum / (double)c->batch);
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = isnan(c->x[0][i]) ? c->tensor[0][i % n] : c->x[0][i];
    return FELL_OK;
}

static const fell_layer item = {.item =
                                    FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Fills gaps with means."),
                                .tensors = tensors,
                                .ntensors = 1,
                                .plan = plan,
                                .forward = forward,
                                .fit = fit,
                                .gaps = 1};

FELL_PLUGIN("1.0", "", &item.item);
