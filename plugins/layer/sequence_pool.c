/* sequence_pool.c - one vector for a whole sequence. */
#include "fell/plugin.h"

enum { MEAN, MAX, FIRST, LAST };

struct sequence_pool {
    int32_t mode;
};

static const fell_param params[] = {
    FELL_ENUM(
        struct sequence_pool, mode, "mean", "mean|max|first|last",
        "What stands for all steps: their mean, the largest of each number, the first or the last step."),
};

static fell_status plan(fell_plan *p)
{
    const struct sequence_pool *s = p->settings;

    if (p->in[0].rank != 2)
        return fell_fail(p->ctx, "takes sequences [steps, width]; its input has %lld dimension%s",
                         (long long)p->in[0].rank, p->in[0].rank == 1 ? "" : "s");
    p->out = fell_vec(p->in[0].dim[1]);
    if (s->mode == MAX)
        p->saved_bytes = p->max_batch * p->in[0].dim[1] * (int64_t)sizeof(int32_t);
    return FELL_OK;
}

FELL_INLINE fell_status mean_of(const fell_layer_call *c)
{
    const int64_t steps = c->plan->in[0].dim[0], n = c->plan->in[0].dim[1];
    double *sum = fell_scratch(c->ctx, n, sizeof *sum);

    if (!sum)
        return FELL_ERROR;
    for (int64_t b = 0; b < c->batch; b++) {
        for (int64_t j = 0; j < n; j++)
            sum[j] = 0.0;
        for (int64_t t = 0; t < steps; t++) {
            const float *x = c->x[0] + (b * steps + t) * n;

            FELL_EACH for (int64_t j = 0; j < n; j++) sum[j] += (double)x[j];
        }
        for (int64_t j = 0; j < n; j++)
            c->y[b * n + j] = (float)(sum[j] / (double)steps);
    }
    return FELL_OK;
}

/* saved: [B,width] the step of the largest, the first of equal ones; a NaN always, so that it is seen. */
FELL_INLINE fell_status most_of(const fell_layer_call *c)
{
    const int64_t steps = c->plan->in[0].dim[0], n = c->plan->in[0].dim[1];
    int32_t *at = fell_scratch(c->ctx, n, sizeof *at);

    if (!at)
        return FELL_ERROR;
    for (int64_t b = 0; b < c->batch; b++) {
        float *y = c->y + b * n;

        memcpy(y, c->x[0] + b * steps * n, (size_t)n * sizeof *y);
        memset(at, 0, (size_t)n * sizeof *at);
        for (int64_t t = 1; t < steps; t++) {
            const float *x = c->x[0] + (b * steps + t) * n;

            FELL_EACH for (int64_t j = 0; j < n; j++)
            {
                const bool better = x[j] > y[j] || x[j] != x[j];

                y[j] = better ? x[j] : y[j];
                at[j] = better ? (int32_t)t : at[j];
            }
        }
        if (c->saved)
            memcpy((int32_t *)c->saved + b * n, at, (size_t)n * sizeof *at);
    }
    return FELL_OK;
}

FELL_KERNEL(forward, fell_layer_call)
{
    const struct sequence_pool *s = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], n = c->plan->in[0].dim[1];

    if (s->mode == MEAN)
        return mean_of(c);
    if (s->mode == MAX)
        return most_of(c);
    for (int64_t b = 0; b < c->batch; b++)
        memcpy(c->y + b * n, c->x[0] + (b * steps + (s->mode == LAST ? steps - 1 : 0)) * n,
               (size_t)n * sizeof *c->y);
    return FELL_OK;
}

/* What step T of a row whose taken steps are AT gets of dy. */
FELL_INLINE void share(const struct sequence_pool *s, const float *dy, const int32_t *at, int64_t t,
                       int64_t steps, int64_t n, float *dx)
{
    if (s->mode == MEAN)
        FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = dy[j] / (float)steps;
    else if (s->mode == MAX)
        FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = at[j] == (int32_t)t ? dy[j] : 0.0f;
    else if (t == (s->mode == LAST ? steps - 1 : 0))
        memcpy(dx, dy, (size_t)n * sizeof *dx);
    else
        memset(dx, 0, (size_t)n * sizeof *dx);
}

FELL_KERNEL(backward, fell_layer_call)
{
    const struct sequence_pool *s = c->settings;
    const int64_t steps = c->plan->in[0].dim[0], n = c->plan->in[0].dim[1];
    const int32_t *at = c->saved;

    for (int64_t i = 0; c->dx[0] && i < c->batch * steps; i++)
        share(s, c->dy + i / steps * n, s->mode == MAX ? at + i / steps * n : NULL, i % steps, steps, n,
              c->dx[0] + i * n);
    return FELL_OK;
}

static const fell_layer sequence_pool = {
    .item = FELL_ITEM(FELL_KIND_LAYER, fell_layer, "sequence_pool",
                      "Makes one vector of a sequence, to tell what it is as a whole.\n\n"
                      "[T,D] becomes [D]: y = mean over t of x[t], the largest x[t] of each number, x[0] or\n"
                      "x[T-1]. The gradient of the largest goes to the first of equal numbers.",
                      struct sequence_pool, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &sequence_pool.item);
