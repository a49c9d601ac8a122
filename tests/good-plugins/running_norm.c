/* A norm with a state: rows divided by a running size in evaluation, by the size in the batch in training. */
#include "fell/plugin.h"

static const fell_tensor tensors[] = {{"size", "Running mean square: [1].", "ones", FELL_STATE}};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->tensor[0] = fell_vec(1);
    p->saved_bytes = (int64_t)sizeof(float);
    return FELL_OK;
}

static fell_status forward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    double square = 0.0;
    float scale;

    for (int64_t i = 0; i < n; i++)
        square += (double)c->x[0][i] * (double)c->x[0][i] / (double)n;
    if (c->training)
        c->tensor[0][0] += 0.1f * ((float)square - c->tensor[0][0]);
    scale = 1.0f / sqrtf((c->training ? (float)square : c->tensor[0][0]) + 1e-3f);
    if (c->saved)
        memcpy(c->saved, &scale, sizeof scale);
    for (int64_t i = 0; i < n; i++)
        c->y[i] = scale * c->x[0][i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    double dot = 0.0;
    float scale;

    memcpy(&scale, c->saved, sizeof scale);
    for (int64_t i = 0; i < n && c->training; i++)
        dot += (double)c->dy[i] * (double)c->x[0][i] / (double)n;
    for (int64_t i = 0; i < n && c->dx[0]; i++)
        c->dx[0][i] =
            scale * c->dy[i] - (float)(dot * (double)scale * (double)scale * (double)scale) * c->x[0][i];
    return FELL_OK;
}

static const fell_layer item = {
    .item = FELL_ITEM0(FELL_KIND_LAYER, fell_layer, "good", "Divides by a running size."),
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .tensors = tensors,
    .ntensors = 1};

FELL_PLUGIN("1.0", "", &item.item);
