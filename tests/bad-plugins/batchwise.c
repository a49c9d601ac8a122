/* fails: rows
 * Takes the mean of a batch off in training, and does not say so. */
#include "fell/plugin.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

/* X or its gradient, without the mean of each column in training. */
static fell_status centre(const fell_layer_call *c, const float *x, float *y)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t j = 0; x && y && j < n; j++) {
        double mean = 0.0;

        for (int64_t i = 0; c->training && i < c->batch; i++)
            mean += (double)x[i * n + j] / (double)c->batch;
        for (int64_t i = 0; i < c->batch; i++)
            y[i * n + j] = (float)((double)x[i * n + j] - mean);
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    return centre(c, c->x[0], c->y);
}

static fell_status backward(fell_layer_call *c)
{
    return centre(c, c->dy, c->dx[0]);
}

static const fell_layer item = {.item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Is wrong."),
                                .plan = plan,
                                .forward = forward,
                                .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
