/* batch_norm.c - each channel with mean 0 and deviation 1 over the batch.
 *
 * Of a vector [C] each number is a channel, of [C,H,W] each plane. Sums run over the rows
 * upwards, planes by rows.h, so their bits depend neither on vectors nor on threads.
 */
#include "norm.h"

struct batch_norm {
    double epsilon, momentum;
    bool affine, bias, cumulative;
};

static const fell_param params[] = {
    FELL_FLOAT(struct batch_norm, epsilon, 1e-5, 0, INFINITY, FELL_MAX_OPEN,
               "Added to the variance, from 0 up."),
    FELL_FLOAT(struct batch_norm, momentum, 0.1, 0, 1, 0,
               "Share of the batch in the running mean and variance, in [0, 1]."),
    FELL_BOOL(struct batch_norm, affine, true,
              "Whether each channel then gets a weight and a bias, true or false."),
    FELL_BOOL(struct batch_norm, bias, true, "Whether there is a bias beside the weight, true or false."),
    FELL_BOOL(
        struct batch_norm, cumulative, false,
        "Whether the running mean and variance are those of all batches so far, instead of by momentum, "
        "true or false."),
};

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, BATCHES, TENSORS };

static const fell_tensor tensors[] = {
    {"weight", "Factor of each channel: [channels].", "ones", FELL_WEIGHT},
    {"bias", "Added to each channel: [channels].", "zeros", FELL_BIAS},
    {"running_mean", "Mean of each channel over past batches, for evaluation: [channels].", "zeros",
     FELL_STATE},
    {"running_var", "Variance (sample variance) likewise: [channels].", "ones", FELL_STATE},
    {"num_batches_tracked", "Batches so far, if cumulative: [1].", "zeros", FELL_STATE},
};

static fell_status plan(fell_plan *p)
{
    const struct batch_norm *s = p->settings;
    const fell_shape each = fell_vec(p->in[0].dim[0]);

    p->out = p->in[0];
    if (s->affine)
        p->tensor[WEIGHT] = each;
    if (s->affine && s->bias)
        p->tensor[BIAS] = each;
    if (s->cumulative)
        p->tensor[BATCHES] = fell_vec(1);
    p->tensor[RUNNING_MEAN] = p->tensor[RUNNING_VAR] = each;
    p->min_batch = fell_size(&p->in[0]) == each.dim[0] ? 2 : 0; /* a plane has a variance of its own */
    p->saved_bytes = 2 * each.dim[0] * (int64_t)sizeof(float);
    return FELL_OK;
}

/* One call, and what its kernels make for each channel. */
struct job {
    fell_ctx *ctx;
    const fell_layer_call *call;
    int64_t channels, pixels; /* pixels: floats of a channel of a row */
    float *mean, *inverse;    /* x is normalised to (x - mean) inverse */
    double *sum, *product;    /* over batch and pixels */
};

static fell_status begin(struct job *j, fell_layer_call *c)
{
    const fell_shape *in = &c->plan->in[0];
    const int64_t n = in->dim[0];

    *j = (struct job){.ctx = c->ctx, .call = c, .channels = n, .pixels = fell_size(in) / n};
    j->mean = c->saved ? c->saved : fell_scratch(c->ctx, 2 * n, sizeof(float));
    j->sum = fell_scratch(c->ctx, 2 * n, sizeof *j->sum);
    if (!j->mean || !j->sum)
        return FELL_ERROR;
    j->inverse = j->mean + n;
    j->product = j->sum + n;
    return FELL_OK;
}

/* mean, and in product the sum of the squared deviations from it. */
FELL_KERNEL(measure, struct job)
{
    const int64_t n = c->channels, pixels = c->pixels, batch = c->call->batch;
    const float *x = c->call->x[0];
    double *sum = c->sum, *product = c->product;
    float *mean = c->mean;

    for (int64_t k = 0; k < n; k++)
        sum[k] = product[k] = 0.0;
    for (int64_t i = 0; i < batch; i++)
        if (pixels == 1)
            FELL_EACH for (int64_t k = 0; k < n; k++) sum[k] += (double)x[i * n + k];
        else
            for (int64_t k = 0; k < n; k++)
                sum[k] += rows_total(x + (i * n + k) * pixels, pixels);
    for (int64_t k = 0; k < n; k++)
        mean[k] = (float)(sum[k] / (double)(batch * pixels));
    for (int64_t i = 0; i < batch; i++)
        if (pixels == 1)
            FELL_EACH for (int64_t k = 0; k < n; k++)
            {
                const float d = x[i * n + k] - mean[k];

                product[k] += (double)(d * d);
            }
        else
            for (int64_t k = 0; k < n; k++)
                product[k] += norm_sum(NULL, x + (i * n + k) * pixels, pixels, mean[k]);
    return FELL_OK;
}

FELL_KERNEL(apply, struct job)
{
    const int64_t n = c->channels, pixels = c->pixels;
    const float *w = c->call->tensor[WEIGHT], *b = c->call->tensor[BIAS], *mean = c->mean;
    float *factor = fell_scratch(c->ctx, n, sizeof *factor), *shift = fell_scratch(c->ctx, n, sizeof *shift);

    if (!factor || !shift)
        return FELL_ERROR;
    for (int64_t k = 0; k < n; k++) {
        factor[k] = w ? c->inverse[k] * w[k] : c->inverse[k];
        shift[k] = b ? b[k] : 0.0f;
    }
    for (int64_t i = 0; i < c->call->batch; i++) {
        const float *x = c->call->x[0] + i * n * pixels;
        float *y = c->call->y + i * n * pixels;

        if (pixels == 1) {
            FELL_EACH for (int64_t k = 0; k < n; k++) y[k] = (x[k] - mean[k]) * factor[k] + shift[k];
            continue;
        }
        for (int64_t k = 0; k < n; k++, x += pixels, y += pixels)
            FELL_EACH for (int64_t p = 0; p < pixels; p++) y[p] = (x[p] - mean[k]) * factor[k] + shift[k];
    }
    return FELL_OK;
}

/* running = (1 - momentum) running + momentum batch, the variance over count - 1. */
static void follow(const struct job *j, double momentum, double count)
{
    float *mean = j->call->tensor[RUNNING_MEAN], *var = j->call->tensor[RUNNING_VAR];

    for (int64_t k = 0; k < j->channels; k++) {
        const double variance = j->product[k] / (count - 1.0);

        mean[k] = (float)((1.0 - momentum) * (double)mean[k] + momentum * (double)j->mean[k]);
        var[k] = (float)((1.0 - momentum) * (double)var[k] + momentum * variance);
    }
}

static fell_status forward(fell_layer_call *c)
{
    const struct batch_norm *s = c->settings;
    struct job j;

    if (begin(&j, c) != FELL_OK)
        return FELL_ERROR;
    if (c->training) {
        const double count = (double)(c->batch * j.pixels);

        if (count < 2.0)
            return fell_fail(c->ctx, "a batch of one row has no variance; choose a batch_size that leaves no "
                                     "row alone");
        measure(&j);
        for (int64_t k = 0; k < j.channels; k++)
            j.inverse[k] = norm_inverse(j.product[k] / count, s->epsilon);
        follow(&j, s->cumulative ? 1.0 / (double)++c->tensor[BATCHES][0] : s->momentum, count);
    } else {
        for (int64_t k = 0; k < j.channels; k++) {
            j.mean[k] = c->tensor[RUNNING_MEAN][k];
            j.inverse[k] = norm_inverse((double)c->tensor[RUNNING_VAR][k], s->epsilon);
        }
    }
    return apply(&j);
}

/* sum of dy, product of dy and the deviation from the mean. */
FELL_KERNEL(gather, struct job)
{
    const int64_t n = c->channels, pixels = c->pixels;
    const float *mean = c->mean;
    double *sum = c->sum, *product = c->product;

    for (int64_t k = 0; k < n; k++)
        sum[k] = product[k] = 0.0;
    for (int64_t i = 0; i < c->call->batch; i++) {
        const float *x = c->call->x[0] + i * n * pixels, *dy = c->call->dy + i * n * pixels;

        if (pixels == 1) {
            FELL_EACH for (int64_t k = 0; k < n; k++)
            {
                sum[k] += (double)dy[k];
                product[k] += (double)(dy[k] * (x[k] - mean[k]));
            }
            continue;
        }
        for (int64_t k = 0; k < n; k++, x += pixels, dy += pixels) {
            sum[k] += rows_total(dy, pixels);
            product[k] += norm_sum(dy, x, pixels, mean[k]);
        }
    }
    return FELL_OK;
}

/* dx = w inverse (dy - mean of dy - (x - mean) inverse^2 mean of dy (x - mean)); in
 * evaluation mean and inverse are constants and the two means are left out. */
FELL_KERNEL(pass_back, struct job)
{
    const int64_t n = c->channels, pixels = c->pixels;
    const double count = (double)(c->call->batch * pixels), used = c->call->training ? 1.0 / count : 0.0;
    const float *w = c->call->tensor[WEIGHT], *mean = c->mean;
    float *factor = fell_scratch(c->ctx, n, sizeof *factor), *slope = fell_scratch(c->ctx, n, sizeof *slope);
    float *shift = fell_scratch(c->ctx, n, sizeof *shift);

    if (!factor || !slope || !shift)
        return FELL_ERROR;
    for (int64_t k = 0; k < n; k++) {
        const double inverse = (double)c->inverse[k];

        factor[k] = w ? c->inverse[k] * w[k] : c->inverse[k];
        shift[k] = (float)(c->sum[k] * used);
        slope[k] = (float)(inverse * inverse * c->product[k] * used);
    }
    for (int64_t i = 0; i < c->call->batch; i++) {
        const float *x = c->call->x[0] + i * n * pixels, *dy = c->call->dy + i * n * pixels;
        float *dx = c->call->dx[0] + i * n * pixels;

        if (pixels == 1) {
            FELL_EACH for (int64_t k = 0; k < n; k++) dx[k] =
                factor[k] * ((dy[k] - shift[k]) - (x[k] - mean[k]) * slope[k]);
            continue;
        }
        for (int64_t k = 0; k < n; k++, x += pixels, dy += pixels, dx += pixels)
            FELL_EACH for (int64_t p = 0; p < pixels; p++) dx[p] =
                factor[k] * ((dy[p] - shift[k]) - (x[p] - mean[k]) * slope[k]);
    }
    return FELL_OK;
}

static fell_status backward(fell_layer_call *c)
{
    struct job j;

    if (begin(&j, c) != FELL_OK)
        return FELL_ERROR;
    gather(&j);
    for (int64_t k = 0; c->grad[WEIGHT] && k < j.channels; k++)
        c->grad[WEIGHT][k] += (float)(j.product[k] * (double)j.inverse[k]);
    for (int64_t k = 0; c->grad[BIAS] && k < j.channels; k++)
        c->grad[BIAS][k] += (float)j.sum[k];
    return c->dx[0] ? pass_back(&j) : FELL_OK;
}

static const fell_layer batch_norm = {
    .item =
        FELL_ITEM(FELL_KIND_LAYER, fell_layer, "batch_norm",
                  "Gives each channel mean 0 and deviation 1 over the rows of the batch.\n\n"
                  "y = w (x - mean) / sqrt(variance + epsilon) + b, in training with the batch's mean and\n"
                  "population variance, in evaluation with their running averages. Channels are the numbers\n"
                  "of a vector, the planes of an image [C,H,W]. S. Ioffe and C. Szegedy, \"Batch\n"
                  "normalization\", ICML 2015. As PyTorch's BatchNorm, whose momentum None is cumulative.",
                  struct batch_norm, params),
    .tensors = tensors,
    .ntensors = TENSORS,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .flags = FELL_BATCHWISE,
};

FELL_PLUGIN("1.0", "Fellrunner, MIT", &batch_norm.item);
