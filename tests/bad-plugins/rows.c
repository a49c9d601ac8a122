/* fails: rows
 * Takes the mean of the batch away in evaluation, too. */
#include "bad.h"

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    return FELL_OK;
}

static void centre(const float *x, int64_t rows, int64_t n, float *y)
{
    for (int64_t j = 0; j < n; j++) {
        double mean = 0.0;

        for (int64_t i = 0; i < rows; i++)
            mean += (double)x[i * n + j] / (double)rows;
        for (int64_t i = 0; i < rows; i++)
            y[i * n + j] = x[i * n + j] - (float)mean;
    }
}

static fell_status forward(fell_layer_call *c)
{
    centre(c->x[0], c->batch, fell_size(&c->plan->in[0]), c->y);
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    if (c->dx[0])
        centre(c->dy, c->batch, fell_size(&c->plan->in[0]), c->dx[0]);
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "bad", "Takes the mean of the batch from each input."),
    .plan = plan,
    .forward = forward,
    .backward = backward};

FELL_PLUGIN("1.0", "", &item.item);
