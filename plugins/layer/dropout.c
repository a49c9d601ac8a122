/* dropout.c - while training, each number is left out with a given probability. */
#include "fell/plugin.h"

enum { NUMBER, CHANNEL };

struct dropout {
    double rate;
    int32_t by;
};

static const fell_param params[] = {
    FELL_FLOAT(struct dropout, rate, 0.5, 0, 1, FELL_MAX_OPEN,
               "Probability that a number is left out, in [0, 1)."),
    FELL_ENUM(
        struct dropout, by, "number", "number|channel",
        "What is left out together: each number by itself, or all of a channel, the first dimension of a "
        "row."),
};

static fell_status plan(fell_plan *p)
{
    p->out = p->in[0];
    p->saved_bytes = p->max_batch * fell_size(&p->in[0]) * (int64_t)sizeof(float);
    return FELL_OK;
}

/* saved: [B,in] the factor of each number, 0 or 1 / (1 - rate); uniform numbers
 * in [0, 1) before this. */
FELL_KERNEL(drop, fell_layer_call)
{
    const struct dropout *s = c->settings;
    const float rate = (float)s->rate, factor = (float)(1.0 / (1.0 - s->rate));
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    const float *x = c->x[0];
    float *y = c->y, *mask = c->saved;

    FELL_EACH for (int64_t i = 0; i < n; i++)
    {
        mask[i] = mask[i] < rate ? 0.0f : factor;
        y[i] = x[i] * mask[i];
    }
    return FELL_OK;
}

/* Of channels: n numbers of a row each, for which one is drawn; from the last one backwards, each put where
 * its channel's numbers are. */
static void spread(float *mask, int64_t channels, int64_t n)
{
    for (int64_t i = channels - 1; i >= 0; i--) {
        const float u = mask[i];

        for (int64_t j = 0; j < n; j++)
            mask[i * n + j] = u;
    }
}

static fell_status forward(fell_layer_call *c)
{
    const struct dropout *s = c->settings;
    const int64_t row = fell_size(&c->plan->in[0]), n = c->batch * row;
    const int64_t each = s->by == CHANNEL ? row / c->plan->in[0].dim[0] : 1;

    if (!c->training) {
        memcpy(c->y, c->x[0], (size_t)n * sizeof(float));
        return FELL_OK;
    }
    if (!c->saved && !(c->saved = fell_scratch(c->ctx, n, sizeof(float))))
        return FELL_ERROR;
    fell_uniform(c->ctx, c->saved, n / each);
    if (each > 1)
        spread(c->saved, n / each, each);
    return drop(c);
}

FELL_KERNEL(pass_kept, fell_layer_call)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);
    const float *dy = c->dy, *mask = c->saved;
    float *dx = c->dx[0];

    FELL_EACH for (int64_t i = 0; i < n; i++) dx[i] = dy[i] * mask[i];
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    const int64_t n = c->batch * fell_size(&c->plan->in[0]);

    if (!c->dx[0])
        return FELL_OK;
    if (c->training)
        return pass_kept(c);
    memcpy(c->dx[0], c->dy, (size_t)n * sizeof(float));
    return FELL_OK;
}

static const fell_layer dropout = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "dropout",
        "Leaves each number out at random while training, against overfitting.\n\n"
        "y = x m / (1 - rate) with m 0 or 1 drawn anew for every number and step; y = x in\n"
        "evaluation. With `by: channel` one m for all numbers of a channel (J. Tompson et al., \"Efficient\n"
        "object localization using convolutional networks\", CVPR 2015). N. Srivastava et al., \"Dropout: a "
        "simple way to prevent neural networks from\n"
        "overfitting\", JMLR 15, 2014, in the form that scales while training.",
        struct dropout, params),
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &dropout.item);
