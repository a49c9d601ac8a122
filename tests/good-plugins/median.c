/* A transform that is fitted on sorted columns, and has no numbers of no spread. */
#include "fell/plugin.h"

static const fell_tensor tensors[] = {
    {"middle", "Median of each input: [inputs].", "zeros", FELL_STATE},
    {"spread", "Largest distance from it: [inputs].", "ones", FELL_STATE},
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = p->tensor[1] = fell_vec(fell_size(&p->in[0]));
    return FELL_OK;
}

static int64_t smaller(const float *x, int64_t rows, int64_t n, float v)
{
    int64_t count = 0;

    for (int64_t i = 0; i < rows; i++)
        count += x[i * n] < v;
    return count;
}

static fell_status fit(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]), rows = c->batch;

    for (int64_t j = 0; j < n; j++) {
        float middle = -INFINITY, spread = 0.0f;

        for (int64_t i = 0; i < rows; i++) /* the largest with at most half of the others below */
            if (smaller(c->x[0] + j, rows, n, c->x[0][i * n + j]) <= (rows - 1) / 2)
                middle = fmaxf(middle, c->x[0][i * n + j]);
        for (int64_t i = 0; i < rows; i++)
            spread = fmaxf(spread, fabsf(c->x[0][i * n + j] - middle));
        c->tensor[0][j] = middle;
        c->tensor[1][j] = spread > 0.0f ? spread : 1.0f;
    }
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = fell_size(&c->plan->in[0]);

    for (int64_t i = 0; i < c->batch * n; i++)
        c->y[i] = (c->x[0][i] - c->tensor[0][i % n]) / c->tensor[1][i % n];
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "Distances from the median."),
    .tensors = tensors,
    .ntensors = 2,
    .plan = plan,
    .forward = forward,
    .fit = fit};

FELL_PLUGIN("1.0", "", &item.item);
