/* instance_norm.c - each channel of each row with mean 0 and deviation 1. */
#include "norm.h"

struct instance_norm {
    double epsilon;
    bool affine, track_running_stats;
    double momentum;
    bool cumulative;
};

static const fell_param params[] = {
    FELL_FLOAT(struct instance_norm, epsilon, 1e-5, 0, INFINITY, FELL_MAX_OPEN,
               "Added to the variance, from 0 up."),
    FELL_BOOL(struct instance_norm, affine, false,
              "Whether each channel then gets a weight and a bias, true or false."),
    FELL_BOOL(struct instance_norm, track_running_stats, false,
              "Whether running averages are kept and used in evaluation, true or false."),
    FELL_FLOAT(struct instance_norm, momentum, 0.1, 0, 1, 0,
               "Share of each batch in the running averages, in [0, 1]."),
    FELL_BOOL(struct instance_norm, cumulative, false,
              "Whether the running averages are those of all batches so far, instead of by momentum, true or "
              "false."),
};

enum { WEIGHT, BIAS, MEAN, VARIANCE, BATCHES };

static const fell_tensor tensors[] = {
    {"weight", "Factor of each channel: [channels].", "ones", FELL_WEIGHT},
    {"bias", "Added to each channel: [channels].", "zeros", FELL_BIAS},
    {"running_mean", "Average of the means: [channels].", "zeros", FELL_STATE},
    {"running_var", "Average of the variances, each of n - 1: [channels].", "ones", FELL_STATE},
    {"num_batches_tracked", "Batches so far, if cumulative: [1].", "zeros", FELL_STATE},
};

static fell_status plan(fell_plan *p)
{
    const struct instance_norm *s = p->settings;
    const fell_shape *in = &p->in[0];

    if (in->rank < 2)
        return fell_fail(p->ctx,
                         "takes channels of several numbers, [channels, length] or [channels, height, "
                         "width]; its input has one dimension");
    if (fell_size(in) == in->dim[0])
        return fell_fail(p->ctx, "a channel of one number has no deviation");
    p->out = *in;
    if (s->affine)
        p->tensor[WEIGHT] = p->tensor[BIAS] = fell_vec(in->dim[0]);
    if (s->track_running_stats)
        p->tensor[MEAN] = p->tensor[VARIANCE] = fell_vec(in->dim[0]);
    if (s->track_running_stats && s->cumulative)
        p->tensor[BATCHES] = fell_vec(1);
    p->saved_bytes = p->max_batch * in->dim[0] * (int64_t)sizeof(struct norm);
    return FELL_OK;
}

/* Of channel K: its own numbers' or, in evaluation, the running ones. */
FELL_INLINE struct norm norm_in(const fell_layer_call *c, const float *x, int64_t k, int64_t n)
{
    const struct instance_norm *s = c->settings;

    if (!c->training && c->tensor[MEAN])
        return (struct norm){c->tensor[MEAN][k], norm_inverse((double)c->tensor[VARIANCE][k], s->epsilon)};
    return norm_of(x, n, s->epsilon);
}

/* The running averages take in the batch's means of means and variances. */
FELL_INLINE void track(const fell_layer_call *c, int64_t channels, int64_t n)
{
    const struct instance_norm *s = c->settings;
    double share = s->momentum;

    if (c->tensor[BATCHES])
        share = 1.0 / (double)++c->tensor[BATCHES][0];
    for (int64_t k = 0; k < channels; k++) {
        double mean = 0.0, variance = 0.0;

        for (int64_t b = 0; b < c->batch; b++) {
            const float *x = c->x[0] + (b * channels + k) * n;
            const double own = rows_total(x, n) / (double)n;

            mean += own;
            variance += norm_sum(NULL, x, n, (float)own) / (double)(n - 1);
        }
        mean /= (double)c->batch;
        variance /= (double)c->batch;
        c->tensor[MEAN][k] = (float)((1.0 - share) * (double)c->tensor[MEAN][k] + share * mean);
        c->tensor[VARIANCE][k] = (float)((1.0 - share) * (double)c->tensor[VARIANCE][k] + share * variance);
    }
}

FELL_KERNEL(forward, fell_layer_call)
{
    const int64_t channels = c->plan->in[0].dim[0], n = fell_size(&c->plan->in[0]) / channels;
    const float *w = c->tensor[WEIGHT], *b = c->tensor[BIAS];
    struct norm *saved = c->saved;

    for (int64_t i = 0; i < c->batch * channels; i++) {
        const int64_t k = i % channels;
        const struct norm by = norm_in(c, c->x[0] + i * n, k, n);
        float *y = c->y + i * n;

        norm_apply(by, c->x[0] + i * n, n, y);
        if (w)
            FELL_EACH for (int64_t j = 0; j < n; j++) y[j] = y[j] * w[k] + b[k];
        if (saved)
            saved[i] = by;
    }
    if (c->training && c->tensor[MEAN] && c->batch)
        track(c, channels, n);
    return FELL_OK;
}

/* Over the rows upwards, in double. Where running averages were used they are constants. */
FELL_KERNEL(backward, fell_layer_call)
{
    const int64_t channels = c->plan->in[0].dim[0], n = fell_size(&c->plan->in[0]) / channels;
    const bool constant = !c->training && c->tensor[MEAN];
    const float *w = c->tensor[WEIGHT];
    const struct norm *saved = c->saved;
    float *h = fell_scratch(c->ctx, n, sizeof *h), *g = fell_scratch(c->ctx, n, sizeof *g);

    if (!h || !g)
        return FELL_ERROR;
    for (int64_t k = 0; k < channels; k++) {
        const float factor = w ? w[k] : 1.0f;
        double dw = 0.0, db = 0.0;

        for (int64_t b = 0; b < c->batch; b++) {
            const int64_t i = b * channels + k;
            const float *dy = c->dy + i * n;
            float *dx = c->dx[0] ? c->dx[0] + i * n : NULL;

            norm_apply(saved[i], c->x[0] + i * n, n, h);
            dw += rows_dot_total(dy, h, n);
            db += rows_total(dy, n);
            FELL_EACH for (int64_t j = 0; j < n; j++) g[j] = dy[j] * factor;
            if (dx && constant)
                FELL_EACH for (int64_t j = 0; j < n; j++) dx[j] = g[j] * saved[i].inverse;
            else if (dx)
                norm_back(saved[i], h, g, n, dx);
        }
        if (c->grad[WEIGHT])
            c->grad[WEIGHT][k] += (float)dw;
        if (c->grad[BIAS])
            c->grad[BIAS][k] += (float)db;
    }
    return FELL_OK;
}

static const fell_layer instance_norm = {
    .item = FELL_ITEM(
        FELL_KIND_LAYER, fell_layer, "instance_norm",
        "Gives each channel of each row mean 0 and deviation 1.\n\n"
        "y = w (x - mean) / sqrt(variance + epsilon) + b, with the population variance over a channel's\n"
        "numbers; with track_running_stats, evaluation takes running averages. D. Ulyanov, A. Vedaldi and "
        "V.\n"
        "Lempitsky, \"Instance normalization: the missing ingredient for fast stylization\", 2016. As "
        "PyTorch's\n"
        "InstanceNorm; cumulative is as in batch_norm.",
        struct instance_norm, params),
    .tensors = tensors,
    .ntensors = sizeof tensors / sizeof *tensors,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &instance_norm.item);
